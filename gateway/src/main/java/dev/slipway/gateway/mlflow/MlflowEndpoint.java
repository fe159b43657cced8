package dev.slipway.gateway.mlflow;

/** Answers one kind of request. */
@FunctionalInterface
interface MlflowEndpoint {
  /**
   * Calls the service.
   *
   * @throws MlflowException if the request cannot be translated
   * @throws io.grpc.StatusRuntimeException if the service refuses or fails
   */
  Answer handle(Fields request);
}
