package dev.slipway.gateway.mlflow;

import java.util.List;

/** Answers the endpoints about one kind of thing. Thread-safe. */
interface MlflowFamily {
  /** Returns the endpoints with their paths. */
  List<MlflowRoute> routes();
}
