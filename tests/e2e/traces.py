"""traces.py FOLDER WORD...: every file below FOLDER that has a trace of a WORD,
whatever it is packed in and however it is spelled; exit status 1 when there is
one.  A WORD that is a phone is sought in every spelling, and a phone's and an
e-mail's MD5 is sought, too."""
import gzip, hashlib, io, os, re, sys, zipfile, zlib


def needles(words):
    out = []
    for w in words:
        digits = re.sub(r"\D", "", w)
        if "@" in w:
            plain = w.lower()
            out.append(("text", plain.encode()))
            out.append(("text", plain.replace("@", "%40").encode()))
        elif len(digits) == 11:
            plain = "7" + digits[1:]
            out.append(("digits", digits[1:].encode()))
        else:
            out.append(("text", w.encode()))
            continue
        md5 = hashlib.md5(plain.encode())
        out.append(("text", md5.hexdigest().encode()))
        out.append(("raw", md5.digest()))
    return out


def unpacked(data, depth=0):
    """The bytes, and whatever they are packed of."""
    yield data
    if depth > 4:
        return
    if data[:2] == b"\x1f\x8b":
        try:
            yield from unpacked(gzip.decompress(data), depth + 1)
        except (OSError, EOFError, zlib.error):
            pass
    if data[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as z:
                for n in z.namelist():
                    yield from unpacked(z.read(n), depth + 1)
        except (zipfile.BadZipFile, zlib.error):
            pass


SEPARATORS = re.compile(rb"[\s()+\-./]|\xc2\xa0|\xe2\x80[\x90-\x95]|%20|%2B")


def has(data, kind, needle):
    if kind == "raw":
        return needle in data
    for text in (data, data.replace(b"\0", b"")):
        low = text.lower()
        if kind == "text" and needle in low:
            return True
        if kind == "digits" and needle in SEPARATORS.sub(b"", low):
            return True
    return False


found = 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            continue
        with open(path, "rb") as f:
            data = f.read()
        for kind, needle in needles(sys.argv[2:]):
            if any(has(d, kind, needle) for d in unpacked(data)):
                print(f"{path}: {needle!r}")
                found = 1
sys.exit(found)
