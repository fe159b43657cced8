package dev.slipway.serving.remote;

import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.RequestedOutputs;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that another server runs. When half of the last calls found it away, no call is made for
 * some seconds, then a few to see whether it is back. Nothing is tried twice: the caller knows
 * better whether there is time. Thread-safe.
 */
final class RemotePredictor implements Predictor {
  private static final Logger log = LoggerFactory.getLogger(RemotePredictor.class);

  private static final CircuitBreakerConfig BREAKER =
      CircuitBreakerConfig.custom()
          .slidingWindowSize(20)
          .minimumNumberOfCalls(10)
          .failureRateThreshold(50)
          .waitDurationInOpenState(Duration.ofSeconds(5))
          .permittedNumberOfCallsInHalfOpenState(3)
          .build();

  private final RemoteModel model;
  private final RemoteServer server;
  private final RemoteServer.Description described;
  private final SignatureChecks checks;
  private final CircuitBreaker breaker;

  RemotePredictor(
      RemoteModel model,
      RemoteServer server,
      RemoteServer.Description described,
      SignatureChecks checks) {
    this.model = model;
    this.server = server;
    this.described = described;
    this.checks = checks;
    this.breaker = CircuitBreaker.of(model.name(), BREAKER);
    breaker
        .getEventPublisher()
        .onStateTransition(
            event ->
                log.warn(
                    "calls of {} at {}: {}",
                    model.name(),
                    model.endpoint(),
                    event.getStateTransition()));
  }

  @Override
  public String platform() {
    return server.platform();
  }

  @Override
  public SignatureChecks inputChecks() {
    return checks;
  }

  @Override
  public List<TensorMetadata> outputs() {
    return described.outputs();
  }

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Predictions predict(PredictRequest request) {
    List<Tensor> inputs = checks.check(request.inputs()).tensors();
    List<TensorMetadata> wanted = wanted(request);
    long left = request.deadlineNanos() - System.nanoTime();
    boolean inHaste =
        request.deadlineNanos() != PredictRequest.NO_DEADLINE && left < model.timeout().toNanos();
    Duration timeout = inHaste ? Duration.ofNanos(Math.max(1, left)) : model.timeout();
    if (!breaker.tryAcquirePermission()) {
      throw new EngineUnavailableException(
          model.endpoint() + " failed too often; it is tried again within seconds");
    }
    long started = System.nanoTime();
    List<Tensor> outputs;
    try {
      outputs = server.predict(inputs, request.parameters(), wanted, timeout);
    } catch (EngineUnavailableException e) {
      if (inHaste && System.nanoTime() - request.deadlineNanos() >= 0) {
        // A caller who gives little time says nothing of the server.
        breaker.releasePermission();
      } else {
        breaker.onError(System.nanoTime() - started, TimeUnit.NANOSECONDS, e);
      }
      throw e;
    } catch (RuntimeException | Error e) {
      // It answers; what it says is another matter.
      breaker.onSuccess(System.nanoTime() - started, TimeUnit.NANOSECONDS);
      throw e;
    }
    breaker.onSuccess(System.nanoTime() - started, TimeUnit.NANOSECONDS);
    return new Predictions(outputs);
  }

  private List<TensorMetadata> wanted(PredictRequest request) {
    return RequestedOutputs.resolve(request, described.outputs()).stream()
        .map(
            name ->
                described.outputs().stream()
                    .filter(output -> output.name().equals(name))
                    .findFirst()
                    .orElseThrow())
        .toList();
  }

  @Override
  public void close() {
    server.close();
  }
}
