package dev.slipway.serving.testing;

import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A certificate for {@code localhost} that vouches for itself, made by the JDK's keytool.
 *
 * @param file the certificate, PEM
 * @param store the certificate and its key
 */
public record TestCertificate(Path file, KeyStore store) {
  private static final char[] PASSWORD = "password".toCharArray();

  /** Makes one in a folder of its own. */
  public static TestCertificate create(Path folder)
      throws IOException, InterruptedException, GeneralSecurityException {
    Path keys = Files.createDirectories(folder).resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "server",
                    "-keyalg",
                    "EC",
                    "-dname",
                    "CN=localhost",
                    "-ext",
                    "SAN=dns:localhost",
                    "-validity",
                    "2",
                    "-storetype",
                    "PKCS12",
                    "-storepass",
                    new String(PASSWORD),
                    "-keystore",
                    keys.toString()))
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (keytool.waitFor() != 0) {
      throw new IOException(said);
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream stream = Files.newInputStream(keys)) {
      store.load(stream, PASSWORD);
    }
    Path file = folder.resolve("certificate.pem");
    Files.writeString(file, pem("CERTIFICATE", store.getCertificate("server").getEncoded()));
    return new TestCertificate(file, store);
  }

  private static String pem(String kind, byte[] bytes) {
    return "-----BEGIN "
        + kind
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes)
        + "\n-----END "
        + kind
        + "-----\n";
  }

  /** Returns what an HTTPS server needs. */
  public SSLContext context() throws GeneralSecurityException {
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  /** Returns what a gRPC server needs. */
  public ServerCredentials serverCredentials() throws IOException, GeneralSecurityException {
    return TlsServerCredentials.create(file.toFile(), key().toFile());
  }

  /** Writes the key beside the certificate, PEM. */
  public Path key() throws IOException, GeneralSecurityException {
    Path key = file.resolveSibling("key.pem");
    Files.writeString(key, pem("PRIVATE KEY", store.getKey("server", PASSWORD).getEncoded()));
    return key;
  }
}
