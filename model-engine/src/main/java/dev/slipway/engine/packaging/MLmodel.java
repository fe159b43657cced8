package dev.slipway.engine.packaging;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.signature.ModelSignature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The {@code MLmodel} file at the root of every model package: which flavors can load it, what it
 * takes and gives, and where it comes from. Reads what MLflow 1 to 3 write and writes what they
 * read; keys that it does not know are kept.
 *
 * <p>Format: <a href="https://mlflow.org/docs/latest/ml/model/#storage-format">MLflow's storage
 * format</a>, YAML of at most 2 Mi characters.
 *
 * @param flavors by name, sorted; at least one
 * @param signature what the model takes and gives; empty when undeclared
 * @param artifactPath where the package lay in its run; MLflow 3 writes the whole URI of the logged
 *     model
 * @param runId the run that made it
 * @param utcTimeCreated when it was written, as text {@code YYYY-MM-DD HH:MM:SS.ffffff} in UTC
 * @param modelUuid a unique id of the package
 * @param mlflowVersion the version of MLflow that wrote it
 * @param metadata what its author noted
 * @param otherKeys every other key at the top, unmodifiable, null values included
 */
public record MLmodel(
    Map<String, Flavor> flavors,
    Optional<ModelSignature> signature,
    Optional<String> artifactPath,
    Optional<String> runId,
    Optional<String> utcTimeCreated,
    Optional<String> modelUuid,
    Optional<String> mlflowVersion,
    Map<String, Object> metadata,
    Map<String, Object> otherKeys) {

  /** The name of the file. */
  public static final String FILE_NAME = "MLmodel";

  /** Key of the metadata whose value true is the declaration; see {@link #isDeterministic}. */
  public static final String DETERMINISTIC = "slipway.deterministic";

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");

  /**
   * Copies the maps.
   *
   * @throws ModelPackageException if there is no flavor, or a value cannot be written as YAML
   */
  public MLmodel {
    if (flavors.isEmpty()) {
      throw new ModelPackageException("MLmodel: flavors must name at least one flavor");
    }
    flavors = Collections.unmodifiableMap(new TreeMap<>(flavors));
    Objects.requireNonNull(signature, "signature");
    Objects.requireNonNull(artifactPath, "artifactPath");
    Objects.requireNonNull(runId, "runId");
    Objects.requireNonNull(utcTimeCreated, "utcTimeCreated");
    Objects.requireNonNull(modelUuid, "modelUuid");
    Objects.requireNonNull(mlflowVersion, "mlflowVersion");
    metadata = YamlDocuments.copy(metadata, "MLmodel: metadata");
    otherKeys = YamlDocuments.copy(otherKeys, "MLmodel");
  }

  /**
   * Tells whether the package declares that the answer to a row depends on that row and the
   * parameters alone, so that it may be used again: not on chance, time, earlier requests or the
   * other rows of the call.
   */
  public boolean isDeterministic() {
    return Boolean.TRUE.equals(metadata.get(DETERMINISTIC));
  }

  /**
   * Reads a file.
   *
   * @param file the {@code MLmodel} file itself
   * @throws ModelPackageException if it cannot be read, is not UTF-8, not acceptable YAML, or a
   *     value has the wrong type; the message names the key
   */
  public static MLmodel read(Path file) {
    byte[] bytes;
    try {
      if (Files.size(file) > (long) YamlDocuments.MAX_CHARACTERS * 4) {
        throw new ModelPackageException(
            file.getFileName() + " is too large: " + Files.size(file) + " bytes");
      }
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new ModelPackageException("cannot read " + file.getFileName() + ": " + e, e);
    }
    return parse(bytes);
  }

  /** Reads the content of a file, under the conditions of {@link #read}. */
  public static MLmodel parse(byte[] content) {
    try {
      return parse(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString());
    } catch (CharacterCodingException e) {
      throw new ModelPackageException(FILE_NAME + " is not UTF-8", e);
    }
  }

  /** Reads the text of a file, under the conditions of {@link #read}. */
  public static MLmodel parse(String yaml) {
    Map<String, Object> rest = new LinkedHashMap<>(YamlDocuments.read(yaml, FILE_NAME));
    Builder builder = builder();
    map(rest, "flavors")
        .forEach(
            (name, config) ->
                builder.flavor(
                    new Flavor(
                        name, config == null ? Map.of() : asMap(config, "flavors." + name))));
    builder.signature = signature(rest);
    builder.artifactPath = text(rest, "artifact_path");
    builder.runId = text(rest, "run_id");
    builder.utcTimeCreated = text(rest, "utc_time_created");
    builder.modelUuid = text(rest, "model_uuid");
    builder.mlflowVersion = text(rest, "mlflow_version");
    builder.metadata.putAll(map(rest, "metadata"));
    builder.otherKeys.putAll(rest);
    return builder.build();
  }

  private static Optional<ModelSignature> signature(Map<String, Object> rest) {
    Map<String, Object> texts = new LinkedHashMap<>(map(rest, "signature"));
    if (texts.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        ModelSignature.parse(
            text(texts, "signature.", "inputs"),
            text(texts, "signature.", "outputs"),
            text(texts, "signature.", "params")));
  }

  private static Optional<String> text(Map<String, Object> rest, String key) {
    return text(rest, "", key);
  }

  private static Optional<String> text(Map<String, Object> rest, String prefix, String key) {
    Object value = rest.remove(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!(value instanceof String text)) {
      throw new ModelPackageException("MLmodel: " + prefix + key + " must be a string");
    }
    return Optional.of(text);
  }

  private static Map<String, Object> map(Map<String, Object> rest, String key) {
    Object value = rest.remove(key);
    return value == null ? Map.of() : asMap(value, key);
  }

  private static Map<String, Object> asMap(Object value, String where) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new ModelPackageException("MLmodel: " + where + " must be a map");
    }
    return YamlDocuments.stringKeys(map, "MLmodel: " + where);
  }

  /** Returns the text of the file, keys sorted, as MLflow lays it out. */
  public String toYaml() {
    Map<String, Object> document = new TreeMap<>(otherKeys);
    Map<String, Object> configs = new TreeMap<>();
    flavors.forEach((name, flavor) -> configs.put(name, flavor.config()));
    document.put("flavors", configs);
    signature.ifPresent(
        declared -> {
          Map<String, Object> texts = new TreeMap<>();
          texts.put("inputs", declared.inputsJson().orElse(null));
          texts.put("outputs", declared.outputsJson().orElse(null));
          texts.put("params", declared.paramsJson().orElse(null));
          document.put("signature", texts);
        });
    artifactPath.ifPresent(value -> document.put("artifact_path", value));
    runId.ifPresent(value -> document.put("run_id", value));
    utcTimeCreated.ifPresent(value -> document.put("utc_time_created", value));
    modelUuid.ifPresent(value -> document.put("model_uuid", value));
    mlflowVersion.ifPresent(value -> document.put("mlflow_version", value));
    if (!metadata.isEmpty()) {
      document.put("metadata", metadata);
    }
    return YamlDocuments.write(document);
  }

  /**
   * Writes the file, replacing one that is there.
   *
   * @throws ModelPackageException if it cannot be written
   */
  public void write(Path file) {
    try {
      Files.writeString(file, toYaml(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ModelPackageException("cannot write " + file.getFileName() + ": " + e, e);
    }
  }

  /** Returns a builder of an empty description. */
  public static Builder builder() {
    return new Builder();
  }

  /** Gathers the parts of a description. Not for sharing between threads. */
  public static final class Builder {

    private final Map<String, Flavor> flavors = new TreeMap<>();
    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private final Map<String, Object> otherKeys = new LinkedHashMap<>();
    private Optional<ModelSignature> signature = Optional.empty();
    private Optional<String> artifactPath = Optional.empty();
    private Optional<String> runId = Optional.empty();
    private Optional<String> utcTimeCreated = Optional.empty();
    private Optional<String> modelUuid = Optional.empty();
    private Optional<String> mlflowVersion = Optional.empty();

    private Builder() {}

    /** Adds a flavor, replacing one of the same name. */
    public Builder flavor(Flavor flavor) {
      flavors.put(flavor.name(), flavor);
      return this;
    }

    /** Sets the signature. */
    public Builder signature(ModelSignature value) {
      signature = Optional.of(value);
      return this;
    }

    /** Sets where the package lies in its run. */
    public Builder artifactPath(String value) {
      artifactPath = Optional.of(value);
      return this;
    }

    /** Sets the run that made the model. */
    public Builder runId(String value) {
      runId = Optional.of(value);
      return this;
    }

    /** Sets when the package was written, to the microsecond. */
    public Builder timeCreated(Instant value) {
      utcTimeCreated = Optional.of(TIME.format(value.atOffset(ZoneOffset.UTC)));
      return this;
    }

    /** Sets the package's unique id. */
    public Builder modelUuid(String value) {
      modelUuid = Optional.of(value);
      return this;
    }

    /** Sets one entry of the metadata. */
    public Builder metadata(String key, Object value) {
      metadata.put(key, value);
      return this;
    }

    /** Sets a key at the top that has no method of its own. */
    public Builder otherKey(String key, Object value) {
      otherKeys.put(key, value);
      return this;
    }

    /**
     * Returns the description.
     *
     * @throws ModelPackageException under the conditions of the record
     */
    public MLmodel build() {
      return new MLmodel(
          flavors,
          signature,
          artifactPath,
          runId,
          utcTimeCreated,
          modelUuid,
          mlflowVersion,
          metadata,
          otherKeys);
    }
  }
}
