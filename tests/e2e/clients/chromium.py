"""Chromium without a window: opens each URL of standard input ("NAME URL") and
keeps the download as got/NAME.  chromium.py BROWSER PROFILE

The browser is driven through its debugging pipe: descriptors 3 and 4, messages
of JSON that end with a NUL byte.
"""

import json
import os
import subprocess
import sys

browser, profile = sys.argv[1:]
downloads = os.path.join(profile, "downloads")
os.mkdir(downloads)
to_browser, write_end = os.pipe()
read_end, from_browser = os.pipe()


def descriptors():
    # not over each other, whatever numbers they have
    a, b = os.dup2(to_browser, 60), os.dup2(from_browser, 61)
    os.dup2(a, 3)
    os.dup2(b, 4)


process = subprocess.Popen(
    [browser, "--headless", "--no-sandbox", "--disable-gpu",
     "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
     "--disable-background-networking", "--disable-component-update",
     "--ignore-certificate-errors", "--remote-debugging-pipe",
     "--user-data-dir=" + os.path.join(profile, "data")],
    preexec_fn=descriptors, close_fds=False, stdin=subprocess.DEVNULL)
os.close(to_browser)
os.close(from_browser)
answers = os.fdopen(read_end, "rb")
held = b""
number = 0


def message():
    global held
    while b"\0" not in held:
        more = os.read(answers.fileno(), 65536)
        if not more:
            sys.exit("the browser is gone")
        held += more
    one, _, held = held.partition(b"\0")
    return json.loads(one)


def say(method, **parameters):
    global number
    number += 1
    os.write(write_end, json.dumps(
        {"id": number, "method": method, "params": parameters}).encode() + b"\0")
    return number


say("Browser.setDownloadBehavior", behavior="allowAndName",
    downloadPath=downloads, eventsEnabled=True)
for line in sys.stdin:
    name, url = line.split()
    asked = say("Target.createTarget", url=url)
    state = "inProgress"
    while state == "inProgress":
        m = message()
        if m.get("id") == asked and "error" in m:
            state = m["error"]
        elif m.get("method") == "Browser.downloadProgress":
            state = m["params"]["state"]
    if state == "completed":
        os.rename(os.path.join(downloads, m["params"]["guid"]), "got/" + name)
    else:
        print(name, state)
say("Browser.close")
process.wait(120)
