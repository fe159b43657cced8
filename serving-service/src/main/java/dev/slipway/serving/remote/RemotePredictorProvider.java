package dev.slipway.serving.remote;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.SignatureViolation;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Loads packages whose model another server runs, as far as this one may call it. What the server
 * says of the model is held against the package's signature. Thread-safe.
 */
public final class RemotePredictorProvider implements PredictorProvider {
  private final RemoteSettings settings;

  /** Creates a provider that calls no servers but those that the settings allow. */
  public RemotePredictorProvider(RemoteSettings settings) {
    this.settings = settings;
  }

  @Override
  public String flavor() {
    return RemoteModel.FLAVOR;
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    RemoteModel model = RemoteModel.read(flavor);
    if (!settings.allows(model.endpoint())) {
      throw new UnsupportedModelException(
          "this server may not call "
              + model.endpoint()
              + ": no pattern of --serve-remote-endpoints matches it");
    }
    RemoteServer server = connect(model);
    try {
      RemoteServer.Description described = server.describe(model.timeout());
      return new RemotePredictor(model, server, described, checks(modelPackage, described));
    } catch (RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  private RemoteServer connect(RemoteModel model) {
    return switch (model.protocol()) {
      case OPEN_INFERENCE -> OpenInferenceServer.connect(model, settings.authorities());
      case TENSORFLOW_SERVING -> TensorflowServer.connect(model, settings.authorities());
    };
  }

  /** Returns the checks of the declared inputs, which the server must take; else of its own. */
  private static SignatureChecks checks(
      ModelPackage modelPackage, RemoteServer.Description described) {
    SignatureChecks own = SignatureChecks.ofTensors(described.inputs());
    return modelPackage
        .signature()
        .flatMap(ModelSignature::inputs)
        .map(
            declared -> {
              SignatureChecks checks = declaredChecks(declared);
              List<SignatureViolation> misfits = own.misfits(checks.tensors());
              if (!misfits.isEmpty()) {
                throw new ModelPackageException(
                    "the signature does not fit what the server says of the model: "
                        + misfits.stream()
                            .map(SignatureViolation::description)
                            .collect(Collectors.joining("; ")));
              }
              return checks;
            })
        .orElse(own);
  }

  private static SignatureChecks declaredChecks(Schema declared) {
    return declared instanceof ColumnSchema columns
        ? SignatureChecks.ofSeparateColumns(columns)
        : SignatureChecks.ofSchema(declared, "input");
  }
}
