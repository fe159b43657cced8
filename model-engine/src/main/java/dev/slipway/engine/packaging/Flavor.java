package dev.slipway.engine.packaging;

import dev.slipway.engine.error.ModelPackageException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One way to load a model, as {@code MLmodel} lists it.
 *
 * @param name MLflow's flavor name: {@code onnx}, {@code xgboost}, {@code python_function}
 * @param config its settings, unmodifiable; values as YAML has them, null included
 */
public record Flavor(String name, Map<String, Object> config) {

  /** Copies the settings. */
  public Flavor {
    if (name.isBlank()) {
      throw new ModelPackageException("a flavor needs a name");
    }
    config = YamlDocuments.copy(config, "flavors." + name);
  }

  /**
   * Returns the {@code onnx} flavor as MLflow writes it.
   *
   * @param data the model file, relative to the package
   * @param onnxVersion the version of the onnx library that wrote it
   */
  public static Flavor onnx(String data, String onnxVersion) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("code", null);
    config.put("data", data);
    config.put("onnx_session_options", null);
    config.put("onnx_version", onnxVersion);
    config.put("providers", List.of("CPUExecutionProvider"));
    return new Flavor("onnx", config);
  }

  /**
   * Returns the {@code xgboost} flavor of a bare booster as MLflow writes it.
   *
   * @param data the model file, relative to the package; its extension is the format: {@code ubj}
   *     or {@code json}
   * @param xgbVersion the version of the XGBoost library that wrote it
   */
  public static Flavor xgboost(String data, String xgbVersion) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("code", null);
    config.put("data", data);
    config.put("model_class", "xgboost.core.Booster");
    config.put("model_format", data.substring(data.lastIndexOf('.') + 1));
    config.put("xgb_version", xgbVersion);
    return new Flavor("xgboost", config);
  }

  /**
   * Returns a setting that must be text.
   *
   * @throws ModelPackageException if it is absent or something else
   */
  public String text(String key) {
    return findText(key)
        .orElseThrow(
            () ->
                new ModelPackageException("MLmodel: flavors." + name + "." + key + " is missing"));
  }

  /**
   * Finds a setting that is text when present; null counts as absent.
   *
   * @throws ModelPackageException if it is something else
   */
  public Optional<String> findText(String key) {
    Object value = config.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!(value instanceof String text)) {
      throw new ModelPackageException("MLmodel: flavors." + name + "." + key + " must be a string");
    }
    return Optional.of(text);
  }
}
