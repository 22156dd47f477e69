/*
 * Clients written in Java: JSch and Commons Net.  On standard input a cell a
 * line, "CLIENT PROTOCOL HOW"; what it pulls goes to CLIENT/got/PROTOCOL.HOW, what
 * it uploads is CLIENT/dump/PROTOCOL.csv.  Where the daemon is, who logs in and
 * what is pulled is in the environment, see clients.t.
 */
import com.jcraft.jsch.ChannelSftp;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.Session;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Scanner;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPSClient;

class Clients {
	static final String path = System.getenv("PULL_PATH");

	final String protocol, how, user, password;
	final File got, dump;
	final String there;

	Clients(String client, String protocol, String how) {
		this.protocol = protocol;
		this.how = how;
		got = new File(client + "/got/" + protocol + "." + how);
		dump = new File(client + "/dump/" + protocol + ".csv");
		there = "/inbox/drops/" + client + "." + protocol + ".csv";
		user = how.equals("drop") ? "dropper"
		    : how.equals("key") ? "keyed" : "direct";
		password = System.getenv(
		    how.equals("drop") ? "DROPPER" : "DIRECT");
	}

	static int port(String protocol) {
		return Integer.parseInt(System.getenv("PORT_" + protocol));
	}

	static void must(boolean done, String what) throws IOException {
		if (!done)
			throw new IOException(what);
	}

	/* --- SFTP --- */

	void jsch() throws Exception {
		JSch jsch = new JSch();
		if (how.equals("key"))
			jsch.addIdentity(System.getenv("KEY_ECDSA"));
		Session session =
		    jsch.getSession(user, "localhost", port(protocol));
		if (!how.equals("key"))
			session.setPassword(password);
		session.setConfig("StrictHostKeyChecking", "no");
		session.connect(30000);
		ChannelSftp sftp = (ChannelSftp)session.openChannel("sftp");
		sftp.connect(30000);
		if (how.equals("drop")) { /* as WinSCP does it */
			String part = there + ".filepart";
			sftp.put(dump.getPath(), part);
			sftp.setMtime(part, 1700000000);
			sftp.rename(part, there);
			must(sftp.stat(there).getSize() == dump.length(),
			    "another size");
		} else {
			sftp.get(path, got.getPath(), null, how.equals("resume")
			    ? ChannelSftp.RESUME : ChannelSftp.OVERWRITE);
		}
		session.disconnect();
	}

	/* --- FTP and FTPS --- */

	static X509TrustManager trust() throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(null, null);
		try (InputStream in = new FileInputStream(System.getenv("CA"))) {
			store.setCertificateEntry("own",
			    CertificateFactory.getInstance("X.509")
				.generateCertificate(in));
		}
		TrustManagerFactory f = TrustManagerFactory.getInstance("PKIX");
		f.init(store);
		return (X509TrustManager)f.getTrustManagers()[0];
	}

	FTPClient connect() throws Exception {
		if (protocol.equals("ftp")) {
			FTPClient plain = new FTPClient();
			plain.connect("localhost", port(protocol));
			must(plain.login(user, password), "login");
			return plain;
		}
		boolean implicit = protocol.equals("implicit");
		FTPSClient f = new FTPSClient(implicit);
		f.setTrustManager(trust());
		f.setEndpointCheckingEnabled(true);
		f.connect("localhost", port(protocol));
		must(f.login(user, password), "login");
		f.execPBSZ(0);
		f.execPROT("P");
		return f;
	}

	void commons_net() throws Exception {
		FTPClient f = connect();
		f.enterLocalPassiveMode();
		f.setFileType(FTP.BINARY_FILE_TYPE);
		if (how.equals("drop")) {
			String part = there + ".filepart";
			try (InputStream in = new FileInputStream(dump)) {
				must(f.storeFile(part, in), "STOR");
			}
			must(f.sendNoOp(), "NOOP");
			must(f.setModificationTime(part, "20200102030405"),
			    "MFMT");
			must(f.rename(part, there), "RNFR and RNTO");
			must(f.getSize(there).equals("" + dump.length()),
			    "another size");
		} else {
			if (how.equals("resume"))
				f.setRestartOffset(got.length());
			try (OutputStream out = new FileOutputStream(got, true)) {
				must(f.retrieveFile(path, out), "RETR");
			}
		}
		must(f.logout(), "QUIT");
		f.disconnect();
	}

	public static void main(String[] arguments) {
		Scanner cells = new Scanner(System.in);
		while (cells.hasNext()) {
			String client = cells.next();
			Clients c =
			    new Clients(client, cells.next(), cells.next());
			try {
				if (client.equals("jsch"))
					c.jsch();
				else
					c.commons_net();
			} catch (Exception e) {
				System.out.println(c.got);
				e.printStackTrace(System.out);
			}
		}
	}
}
