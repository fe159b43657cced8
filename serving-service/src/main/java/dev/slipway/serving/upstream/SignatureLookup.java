package dev.slipway.serving.upstream;

import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.ModelSignature;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.serving.catalog.VersionKey;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Asks the registry for the signature of a version, which the change feed leaves out. Thread-safe.
 */
public final class SignatureLookup {
  private static final long SECONDS = 2;

  private final Channel registry;

  /** Creates the look-up; the channel stays the caller's. */
  public SignatureLookup(Channel registry) {
    this.registry = registry;
  }

  /**
   * Finds a version's signature; empty when it declares none. The future fails when the registry
   * does not answer.
   */
  public CompletableFuture<Optional<ModelSignature>> find(VersionKey key) {
    CompletableFuture<Optional<ModelSignature>> found = new CompletableFuture<>();
    RegistryServiceGrpc.newStub(registry)
        .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
        .getModelVersion(
            GetModelVersionRequest.newBuilder()
                .setName(key.model())
                .setVersion(key.version())
                .build(),
            new StreamObserver<>() {
              @Override
              public void onNext(ModelVersion version) {
                found.complete(
                    version.hasSignature()
                        ? Optional.of(version.getSignature())
                        : Optional.empty());
              }

              @Override
              public void onError(Throwable failure) {
                found.completeExceptionally(failure);
              }

              @Override
              public void onCompleted() {
                found.complete(Optional.empty());
              }
            });
    return found;
  }
}
