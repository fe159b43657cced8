package dev.slipway.serving.remote;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.Flavor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a package says of a model that another server runs.
 *
 * @param protocol what the server speaks
 * @param endpoint where it answers
 * @param name the model's name there
 * @param version its version there; empty for the one that the server chooses
 * @param signature TensorFlow's name of the function that is called
 * @param timeout the most that a call may take
 */
record RemoteModel(
    Protocol protocol,
    RemoteEndpoint endpoint,
    String name,
    String version,
    String signature,
    Duration timeout) {
  static final String FLAVOR = "slipway_remote";

  private static final String DEFAULT_SIGNATURE = "serving_default";
  private static final int DEFAULT_TIMEOUT_SECONDS = 30;
  private static final int MAX_TIMEOUT_SECONDS = 600;
  private static final Set<String> KEYS =
      Set.of("protocol", "endpoint", "model", "version", "signature_name", "timeout_seconds");

  /** What a server speaks. */
  enum Protocol {
    /** The Open Inference Protocol over gRPC: Triton, KServe, Slipway. */
    OPEN_INFERENCE,
    /** TensorFlow Serving's REST interface. */
    TENSORFLOW_SERVING
  }

  /**
   * Reads a flavor.
   *
   * @throws ModelPackageException with everything that is wrong with it
   */
  static RemoteModel read(Flavor flavor) {
    return new Reader(flavor.config()).read();
  }

  /** Reads one flavor, noting every problem. Not for sharing between threads. */
  private static final class Reader {
    private final Map<String, Object> config;
    private final List<String> problems = new ArrayList<>();

    Reader(Map<String, Object> config) {
      this.config = config;
    }

    RemoteModel read() {
      for (String key : new TreeSet<>(config.keySet())) {
        if (!KEYS.contains(key)) {
          problems.add(key + " is not known");
        }
      }
      Optional<Protocol> protocol = protocol();
      Optional<RemoteEndpoint> endpoint = endpoint();
      if (protocol.isPresent()
          && endpoint.isPresent()
          && endpoint.get().isGrpc() != (protocol.get() == Protocol.OPEN_INFERENCE)) {
        problems.add(
            protocol.get() == Protocol.OPEN_INFERENCE
                ? "endpoint must be grpc:// or grpcs:// for open_inference"
                : "endpoint must be http:// or https:// for tensorflow_serving");
      }
      String model = segment("model", text("model", Optional.empty()));
      String version = segment("version", version());
      String signature = text("signature_name", Optional.of(DEFAULT_SIGNATURE));
      Duration timeout = timeout();
      if (!problems.isEmpty()) {
        throw new ModelPackageException(
            "MLmodel: flavors." + FLAVOR + ": " + String.join("; ", problems));
      }
      return new RemoteModel(
          protocol.orElseThrow(), endpoint.orElseThrow(), model, version, signature, timeout);
    }

    private Optional<Protocol> protocol() {
      String name = text("protocol", Optional.empty());
      for (Protocol protocol : Protocol.values()) {
        if (protocol.name().toLowerCase(Locale.ROOT).equals(name)) {
          return Optional.of(protocol);
        }
      }
      if (!name.isEmpty()) {
        problems.add("protocol is \"" + name + "\"; must be open_inference or tensorflow_serving");
      }
      return Optional.empty();
    }

    private Optional<RemoteEndpoint> endpoint() {
      String text = text("endpoint", Optional.empty());
      try {
        return text.isEmpty() ? Optional.empty() : Optional.of(RemoteEndpoint.parse(text));
      } catch (IllegalArgumentException e) {
        problems.add("endpoint " + e.getMessage());
        return Optional.empty();
      }
    }

    /** A number without quotes is one to YAML. */
    private String version() {
      return config.get("version") instanceof Integer number
          ? number.toString()
          : text("version", Optional.of(""));
    }

    /** Both become a part of a URL's path. */
    private String segment(String key, String value) {
      if (value.contains("/") || value.equals(".") || value.equals("..")) {
        problems.add(key + " must not be ., .. or hold a /");
      }
      return value;
    }

    private String text(String key, Optional<String> absent) {
      Object value = config.get(key);
      if (value == null && absent.isPresent()) {
        return absent.get();
      }
      if (!(value instanceof String text) || text.isBlank()) {
        problems.add(key + " must be text");
        return "";
      }
      return text;
    }

    private Duration timeout() {
      Object value = config.get("timeout_seconds");
      if (value == null) {
        return Duration.ofSeconds(DEFAULT_TIMEOUT_SECONDS);
      }
      if (!(value instanceof Integer seconds) || seconds < 1 || seconds > MAX_TIMEOUT_SECONDS) {
        problems.add("timeout_seconds must be a whole number from 1 to " + MAX_TIMEOUT_SECONDS);
        return Duration.ZERO;
      }
      return Duration.ofSeconds(seconds);
    }
  }
}
