package dev.slipway.serving.remote;

import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A model behind TensorFlow Serving's REST interface. */
final class TensorflowServer implements RemoteServer {
  private static final Duration CONNECT = Duration.ofSeconds(10);

  private final RemoteModel model;
  private final HttpClient client;
  private volatile Description described;

  private TensorflowServer(RemoteModel model, HttpClient client) {
    this.model = model;
    this.client = client;
  }

  /** Returns the model; a connection is made by the first call. */
  static TensorflowServer connect(RemoteModel model, Optional<Path> authorities) {
    HttpClient.Builder client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            // To follow would be to call what no pattern allows.
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT);
    if (model.endpoint().usesTls()) {
      authorities.map(TensorflowServer::trusting).ifPresent(client::sslContext);
    }
    return new TensorflowServer(model, client.build());
  }

  private static SSLContext trusting(Path authorities) {
    try (InputStream file = Files.newInputStream(authorities)) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      int count = 0;
      for (Certificate authority :
          CertificateFactory.getInstance("X.509").generateCertificates(file)) {
        trusted.setCertificateEntry("authority-" + count++, authority);
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new UnsupportedModelException("the trusted authorities cannot be read: " + e, e);
    }
  }

  @Override
  public String platform() {
    return "tensorflowserving_rest";
  }

  @Override
  public Description describe(Duration timeout) {
    byte[] reply = call(HttpRequest.newBuilder(uri("/metadata")).GET(), timeout);
    try {
      described = TensorflowJson.describe(reply, model.signature());
      return described;
    } catch (IllegalArgumentException e) {
      throw new UnsupportedModelException(
          model.endpoint()
              + " describes "
              + model.name()
              + " in a way that does not serve: "
              + e.getMessage(),
          e);
    }
  }

  @Override
  public List<Tensor> predict(
      List<Tensor> inputs,
      Map<String, Object> parameters,
      List<TensorMetadata> outputs,
      Duration timeout) {
    if (!parameters.isEmpty()) {
      throw InvalidInputException.of("parameters", "TensorFlow Serving takes none");
    }
    byte[] reply =
        call(
            HttpRequest.newBuilder(uri(":predict"))
                .header("Content-Type", "application/json")
                .POST(
                    BodyPublishers.ofByteArray(TensorflowJson.request(model.signature(), inputs))),
            timeout);
    try {
      return TensorflowJson.response(reply, described.outputs(), outputs);
    } catch (InvalidInputException | IllegalArgumentException e) {
      throw new PredictionException(
          model.endpoint() + " answers with malformed tensors: " + e.getMessage(), e);
    }
  }

  private URI uri(String call) {
    String version = model.version().isEmpty() ? "" : "/versions/" + model.version();
    String path = "/v1/models/" + model.name() + version + call;
    RemoteEndpoint endpoint = model.endpoint();
    try {
      return new URI(endpoint.scheme(), null, endpoint.host(), endpoint.port(), path, null, null);
    } catch (URISyntaxException e) {
      throw new UnsupportedModelException("no URL leads to " + path, e);
    }
  }

  private byte[] call(HttpRequest.Builder request, Duration timeout) {
    CompletableFuture<HttpResponse<byte[]>> reply =
        client.sendAsync(request.build(), info -> new LimitedBody(MAX_ANSWER_BYTES));
    try {
      HttpResponse<byte[]> response = reply.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      if (response.statusCode() == 200) {
        return response.body();
      }
      throw refused(response);
    } catch (TimeoutException e) {
      reply.cancel(true);
      throw new EngineUnavailableException(
          model.endpoint() + " did not answer within " + timeout.toMillis() + " ms", e);
    } catch (ExecutionException e) {
      throw new EngineUnavailableException(
          model.endpoint() + " cannot be called: " + e.getCause(), e);
    } catch (InterruptedException e) {
      reply.cancel(true);
      Thread.currentThread().interrupt();
      throw new EngineUnavailableException("interrupted while " + model.endpoint() + " ran", e);
    }
  }

  private EngineException refused(HttpResponse<byte[]> response) {
    int status = response.statusCode();
    String problem =
        model.endpoint()
            + " answers "
            + status
            + TensorflowJson.error(response.body()).map(said -> ": " + said).orElse("");
    if (status == 400) {
      return InvalidInputException.of("inputs", problem);
    }
    boolean away = status == 404 || status == 408 || status == 429 || status >= 500;
    return away ? new EngineUnavailableException(problem) : new PredictionException(problem);
  }

  /** Does nothing: in Java 17 a client ends by itself when nobody refers to it any more. */
  @Override
  public void close() {}
}
