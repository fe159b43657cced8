package dev.slipway.engine.predictor;

import dev.slipway.engine.packaging.ModelPackage;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * The engines that are modules of their own, because of the size of their native libraries: who
 * meets a package that one of them would run is told which to add.
 */
public final class OptionalEngines {

  private static final Map<String, String> MODULES =
      Map.of(
          "keras", "engines/tensorflow",
          "pytorch", "engines/pytorch",
          "tensorflow", "engines/tensorflow");

  private OptionalEngines() {}

  /**
   * Returns the end of a message that says why a package does not run: which modules have engines
   * for its flavors; empty if none has, or all are there.
   */
  public static String hint(ModelPackage modelPackage) {
    return hint(modelPackage, Predictors.flavors());
  }

  static String hint(ModelPackage modelPackage, Collection<String> installed) {
    Map<String, String> missing = new TreeMap<>();
    for (String flavor : modelPackage.mlmodel().flavors().keySet()) {
      if (MODULES.containsKey(flavor) && !installed.contains(flavor)) {
        missing.put(flavor, MODULES.get(flavor));
      }
    }
    StringBuilder hint = new StringBuilder();
    missing.forEach(
        (flavor, module) ->
            hint.append("; ")
                .append(flavor)
                .append(" has an engine in the optional module ")
                .append(module)
                .append(", which is not installed here"));
    return hint.toString();
  }
}
