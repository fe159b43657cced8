package dev.slipway.engine.predictor.python;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The environment variables that child processes see. Servers are configured, passwords included,
 * through variables, and what a model prints, logs or sends to others may hold its own: so only
 * those that are known to be useful pass. This keeps nothing from a package that looks for it: it
 * runs as the server's user, who reads the server's memory, files and variables.
 */
final class ChildEnvironment {

  private static final List<String> PASSED =
      List.of(
          "PATH",
          "HOME",
          "USER",
          "LANG",
          "LANGUAGE",
          "TZ",
          "TMPDIR",
          "LD_LIBRARY_PATH",
          "PYTHONPATH",
          "PYTHONHOME",
          "NVIDIA_VISIBLE_DEVICES",
          "NVIDIA_DRIVER_CAPABILITIES",
          "NVIDIA_TF32_OVERRIDE",
          "TF_CPP_MIN_LOG_LEVEL",
          "TF_DETERMINISTIC_OPS",
          "TF_ENABLE_ONEDNN_OPTS",
          "TF_FORCE_GPU_ALLOW_GROWTH",
          "TF_GPU_ALLOCATOR",
          "TF_NUM_INTEROP_THREADS",
          "TF_NUM_INTRAOP_THREADS",
          "TF_USE_LEGACY_KERAS",
          "TF_XLA_FLAGS",
          "SSL_CERT_FILE",
          "SSL_CERT_DIR",
          "REQUESTS_CA_BUNDLE");

  private static final List<String> PASSED_PREFIXES =
      List.of(
          "LC_",
          "PYENV_",
          "CUDA_",
          "ROCR_",
          "HIP_",
          "OMP_",
          "MKL_",
          "OPENBLAS_",
          "TORCH_",
          "KERAS_");

  /** What the index of packages may need; its address can hold a password. */
  private static final List<String> PASSED_TO_PIP =
      List.of(
          "http_proxy",
          "https_proxy",
          "no_proxy",
          "HTTP_PROXY",
          "HTTPS_PROXY",
          "NO_PROXY",
          "XDG_CONFIG_HOME",
          "XDG_CACHE_HOME");

  private ChildEnvironment() {}

  /** Returns those of a worker: one thread for each call, as with the other engines. */
  static Map<String, String> ofWorker(Map<String, String> own) {
    Map<String, String> passed = common(own);
    for (String library : List.of("OMP", "MKL", "OPENBLAS")) {
      passed.putIfAbsent(library + "_NUM_THREADS", "1");
    }
    // A package's folder must stay as it is.
    passed.put("PYTHONDONTWRITEBYTECODE", "1");
    passed.put("PYTHONIOENCODING", "utf-8:backslashreplace");
    passed.put("MLFLOW_DISABLE_TELEMETRY", "true");
    return passed;
  }

  /** Returns those of pip. */
  static Map<String, String> ofPip(Map<String, String> own) {
    Map<String, String> passed = common(own);
    own.forEach(
        (name, value) -> {
          if (PASSED_TO_PIP.contains(name) || name.startsWith("PIP_")) {
            passed.put(name, value);
          }
        });
    return passed;
  }

  private static Map<String, String> common(Map<String, String> own) {
    Map<String, String> passed = new TreeMap<>();
    own.forEach(
        (name, value) -> {
          if (PASSED.contains(name) || PASSED_PREFIXES.stream().anyMatch(name::startsWith)) {
            passed.put(name, value);
          }
        });
    return passed;
  }
}
