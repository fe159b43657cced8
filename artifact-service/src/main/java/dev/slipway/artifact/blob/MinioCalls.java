package dev.slipway.artifact.blob;

import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Calls the SDK and turns its failures into ours. Stateless. */
final class MinioCalls {
  private static final Set<String> ABSENT = Set.of("NoSuchKey", "NoSuchObject");
  private static final Set<String> FULL = Set.of("XMinioStorageFull", "QuotaExceeded");

  private MinioCalls() {}

  /** Is one call of the SDK. */
  interface StoreCall<T> {
    T make() throws MinioException;
  }

  static <T> T call(StoreCall<T> call) {
    try {
      return call.make();
    } catch (ErrorResponseException e) {
      throw FULL.contains(e.errorResponse().code())
          ? new NoSpaceException(e)
          : new StoreUnavailableException(e);
    } catch (MinioException e) {
      throw new StoreUnavailableException(e);
    } catch (IllegalStateException e) {
      // What the SDK makes of a failure of its HTTP client: connection refused, reset, timed out,
      // or
      // a certificate that is not trusted.
      throw e.getCause() instanceof IOException || e.getCause() instanceof GeneralSecurityException
          ? new StoreUnavailableException(e)
          : e;
    }
  }

  /** Waits for a call of the asynchronous SDK, and throws what the other would throw. */
  static <T> T await(CompletableFuture<T> future) throws MinioException {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof MinioException failure) {
        throw failure;
      }
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Returns whether the store says that there is no such object. */
  static boolean isAbsent(ErrorResponseException e) {
    return ABSENT.contains(e.errorResponse().code());
  }
}
