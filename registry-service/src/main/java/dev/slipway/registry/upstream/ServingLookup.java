package dev.slipway.registry.upstream;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.serving.v1.GoldenResult;
import dev.slipway.serving.v1.OutputDeviation;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import dev.slipway.serving.v1.ValidateVersionRequest;
import dev.slipway.serving.v1.ValidateVersionResponse;
import dev.slipway.serving.v1.ValidationCheck;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Asks the serving service whether versions are fit to be served. Thread-safe; calls block for at
 * most 60 seconds, in which a version is loaded and its golden requests are run.
 */
public final class ServingLookup {
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(5);

  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final String SERVICE = "serving";

  private final ServingServiceBlockingStub stub;
  private final Duration patience;

  /**
   * Creates the lookup; a version may be unknown to the serving service for 5 seconds.
   *
   * @param channel owned by the caller
   */
  public ServingLookup(Channel channel) {
    this(channel, DEFAULT_PATIENCE);
  }

  /**
   * Creates the lookup.
   *
   * @param channel owned by the caller
   * @param patience how long a version may be unknown to the serving service, which follows the
   *     registry's feed; 0 or more, and no longer than a call may take
   */
  public ServingLookup(Channel channel, Duration patience) {
    stub = ServingServiceGrpc.newBlockingStub(channel);
    this.patience = patience;
  }

  /**
   * Is how the golden requests of a package came out.
   *
   * @param problem why the version cannot be loaded; empty when it can
   * @param requests one for each golden request
   */
  public record GoldenOutcome(String problem, List<GoldenRequest> requests) {}

  /**
   * Is how one golden request came out.
   *
   * @param found how far each output is from the expected one, or why there is none
   */
  public record GoldenRequest(String name, boolean passed, String found) {}

  /**
   * Runs the golden requests of a version.
   *
   * @param digest digest of the package that is meant
   * @throws UpstreamUnavailableException if the service does not answer, has no room, or has not
   *     heard of the version yet
   */
  public GoldenOutcome runGolden(ModelName name, VersionNumber number, Sha256 digest) {
    ValidateVersionResponse response =
        validate(
            ValidateVersionRequest.newBuilder()
                .setModel(name.value())
                .setVersion(number.value())
                .addChecks(ValidationCheck.VALIDATION_CHECK_LOAD)
                .addChecks(ValidationCheck.VALIDATION_CHECK_GOLDEN)
                .build(),
            digest);
    String problem = "";
    List<GoldenRequest> requests = List.of();
    for (var result : response.getChecksList()) {
      if (result.getCheck() == ValidationCheck.VALIDATION_CHECK_LOAD && !result.getPassed()) {
        problem = result.getMessage();
      } else if (result.getCheck() == ValidationCheck.VALIDATION_CHECK_GOLDEN) {
        requests = result.getGoldenList().stream().map(ServingLookup::request).toList();
      }
    }
    return new GoldenOutcome(problem, requests);
  }

  private ValidateVersionResponse validate(ValidateVersionRequest request, Sha256 digest) {
    ServingServiceBlockingStub call =
        stub.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    long patientUntil = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        ValidateVersionResponse response = call.validateVersion(request);
        if (digest.hex().equals(response.getPackageDigest())) {
          return response;
        }
        // It knows another version of this name and number, of a model that is gone by now.
        if (System.nanoTime() - patientUntil >= 0) {
          throw new UpstreamUnavailableException(SERVICE, "has not heard of the version yet", null);
        }
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.NOT_FOUND
            || System.nanoTime() - patientUntil >= 0) {
          throw translate(e);
        }
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UpstreamUnavailableException(SERVICE, "was not waited for", e);
    }
  }

  private static GoldenRequest request(GoldenResult result) {
    String found =
        result.getError().isEmpty()
            ? result.getOutputsList().stream()
                .map(ServingLookup::text)
                .collect(Collectors.joining("; "))
            : result.getError();
    return new GoldenRequest(result.getName(), result.getPassed(), found);
  }

  private static String text(OutputDeviation output) {
    return "%s: %d of %d elements beyond the tolerance, off by at most %s (relative %s)"
        .formatted(
            output.getOutput(),
            output.getMismatches(),
            output.getElements(),
            output.getMaxAbsolute(),
            output.getMaxRelative());
  }

  private static RuntimeException translate(StatusRuntimeException failure) {
    return switch (failure.getStatus().getCode()) {
      case NOT_FOUND ->
          new UpstreamUnavailableException(SERVICE, "has not heard of the version yet", failure);
      case RESOURCE_EXHAUSTED ->
          new UpstreamUnavailableException(SERVICE, "has no room to validate it", failure);
      case DEADLINE_EXCEEDED ->
          new UpstreamUnavailableException(SERVICE, "has not answered in time", failure);
      case UNAVAILABLE, CANCELLED, FAILED_PRECONDITION ->
          new UpstreamUnavailableException(SERVICE, failure);
      default -> new UpstreamFailureException(SERVICE, failure);
    };
  }
}
