package io.fairlead.vertex;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.cloud.aiplatform.v1.PredictionServiceSettings;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;

/** A certificate of this machine's own, which nobody trusts who was not told to. */
public final class Tls {
  public static final String FILE = "server.p12";
  public static final String PASSWORD = "changeit";

  private final KeyStore store;

  private Tls(KeyStore store) {
    this.store = store;
  }

  /** {@return a new one, for {@code localhost} and {@code 127.0.0.1}, made in a folder by the JDK's own tool} */
  public static Tls in(Path folder) throws Exception {
    Path file = folder.resolve(FILE);
    Process keytool = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-alias",
            "server",
            "-keyalg",
            "RSA",
            "-dname",
            "CN=localhost",
            "-ext",
            "SAN=dns:localhost,ip:127.0.0.1",
            "-storetype",
            "PKCS12",
            "-keystore",
            file.toString(),
            "-storepass",
            PASSWORD)
        .redirectErrorStream(true)
        .start();
    String output = new String(keytool.getInputStream().readAllBytes(), US_ASCII);
    if (keytool.waitFor() != 0) {
      throw new IllegalStateException(output);
    }
    return from(folder);
  }

  /** {@return the one that was made in a folder, in which the file {@link #FILE} has it} */
  public static Tls from(Path folder) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(folder.resolve(FILE))) {
      store.load(in, PASSWORD.toCharArray());
    }
    return new Tls(store);
  }

  /** {@return the certificate, as PEM} */
  public InputStream certificate() throws Exception {
    return pem("CERTIFICATE", store.getCertificate("server").getEncoded());
  }

  /** {@return its key, as PEM} */
  public InputStream key() throws Exception {
    return pem("PRIVATE KEY", store.getKey("server", PASSWORD.toCharArray()).getEncoded());
  }

  private static InputStream pem(String what, byte[] der) {
    String text = "-----BEGIN " + what + "-----\n" + Base64.getMimeEncoder().encodeToString(der)
        + "\n-----END " + what + "-----\n";
    return new ByteArrayInputStream(text.getBytes(US_ASCII));
  }

  /** {@return what serves with it, and trusts it alone} */
  public SSLContext context() throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD.toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", store.getCertificate("server"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  /** {@return a transport that trusts it, as callers configure it, without a host} */
  public TransportChannelProvider transport() {
    return PredictionServiceSettings.defaultGrpcTransportProviderBuilder()
        .setChannelConfigurator(channel -> {
          try {
            return ((NettyChannelBuilder) channel)
                .sslContext(
                    GrpcSslContexts.forClient().trustManager(certificate()).build());
          } catch (SSLException e) {
            throw new IllegalStateException(e);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        })
        .build();
  }
}
