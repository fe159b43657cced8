package dev.slipway.engine.predictor.mojo;

/**
 * Loads MLflow's flavor {@code h2o} where {@code data} names a MOJO. MLflow itself puts H2O's own
 * format there, a folder, which is refused.
 */
public final class H2oPredictorProvider extends MojoPredictorProvider {

  /** Creates the provider. */
  public H2oPredictorProvider() {}

  @Override
  public String flavor() {
    return "h2o";
  }
}
