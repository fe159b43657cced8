package dev.slipway.engine.predictor.python;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.packaging.YamlDocuments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Python and the packages that a model package asks for.
 *
 * <p>They are read from the file that MLflow names for virtualenv ({@code python_env.yaml}), else
 * from that for conda ({@code conda.yaml}, of which Python and the pip section count), else from
 * {@code requirements.txt}. Only names with versions, extras, markers and hashes are accepted, each
 * checked against the whole grammar: an option, a path, an address, a variable or the name of an
 * archive would let a package choose where code comes from, which is for the server's pip
 * configuration to decide.
 *
 * @param pythonVersion as the package writes it, {@code 3.11.7}; empty if it does not say
 * @param pip requirements in pip's language, in order
 */
record PackageRequirements(Optional<String> pythonVersion, List<String> pip) {

  private static final String REQUIREMENTS = "requirements.txt";
  private static final int MAX_FILE_BYTES = 1 << 20;
  private static final int MAX_NESTING = 4;
  private static final int MAX_CHARACTERS = 1_000;
  private static final int MAX_CHARACTERS_WITH_HASHES = 16_000;

  private static final Pattern CONDA_PYTHON = Pattern.compile("python\\s*={1,2}\\s*([0-9.]+)");
  private static final Pattern CONDA_BASICS = Pattern.compile("(python|pip)\\b.*");
  private static final Pattern INCLUDED = Pattern.compile("(?:-r|--requirement)[ =]\\s*(\\S+)");
  private static final Pattern HASHES =
      Pattern.compile("( +--hash=sha(?:256|384|512):[0-9a-fA-F]+)+$");

  /** What {@code pip} would take for a file if there is one of the name. */
  private static final Pattern ARCHIVE =
      Pattern.compile(".*\\.(?:zip|whl|tar|tbz|tgz|txz|tlz|tar\\.\\w+)", Pattern.CASE_INSENSITIVE);

  private static final String NAME = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?";
  private static final String EXTRAS = " ?\\[ ?(?:" + NAME + "(?: ?, ?" + NAME + ")* ?)?\\]";
  private static final String VERSION = "(?:[=!~]=|===|[<>]=?) ?[A-Za-z0-9][A-Za-z0-9._*+!-]*";
  private static final String VERSIONS = VERSION + "(?: ?, ?" + VERSION + ")*";

  /** Words, operators, brackets, and quoted text without spaces: an option follows a space. */
  private static final String MARKER =
      "(?: ?(?:[a-z_.]++|===|[<>=!~]=|[<>]|[()]|\"[A-Za-z0-9._*+!-]*\"|'[A-Za-z0-9._*+!-]*'))++";

  private static final Pattern REQUIREMENT =
      Pattern.compile(
          "(?<name>%s)(?:%s)?(?<versions> ?(?:%s|\\( ?%s ?\\)))?(?: ?;%s)?"
              .formatted(NAME, EXTRAS, VERSIONS, VERSIONS, MARKER));

  /** Copies the list. */
  PackageRequirements {
    pip = List.copyOf(pip);
  }

  /**
   * Reads what a package asks for.
   *
   * @throws ModelPackageException if a file is missing or malformed
   * @throws UnsupportedModelException if it asks for what is not accepted
   */
  static PackageRequirements read(ModelPackage modelPackage, Flavor flavor) {
    Optional<String> written = flavor.findText("python_version");
    Optional<String> virtualenv = environmentFile(flavor, "virtualenv");
    Optional<String> conda = environmentFile(flavor, "conda");
    if (virtualenv.isPresent()) {
      return ofPythonEnv(modelPackage, virtualenv.get(), written);
    }
    if (conda.isPresent()) {
      return ofConda(modelPackage, conda.get(), written);
    }
    return Files.exists(modelPackage.root().resolve(REQUIREMENTS))
        ? new PackageRequirements(written, lines(modelPackage, REQUIREMENTS, 0))
        : new PackageRequirements(written, List.of());
  }

  /** MLflow 1 wrote the conda file alone, as text. */
  private static Optional<String> environmentFile(Flavor flavor, String manager) {
    Object env = flavor.config().get("env");
    Object file = env instanceof Map<?, ?> files ? files.get(manager) : env;
    boolean applies = env instanceof Map<?, ?> || manager.equals("conda");
    return applies && file instanceof String path ? Optional.of(path) : Optional.empty();
  }

  private static PackageRequirements ofPythonEnv(
      ModelPackage modelPackage, String file, Optional<String> written) {
    Map<String, Object> yaml = YamlDocuments.read(text(modelPackage, file), file);
    List<String> requirements = new ArrayList<>();
    for (Object dependency : list(yaml.get("dependencies"), file)) {
      add(modelPackage, file, text(dependency, file), 0, requirements);
    }
    Optional<String> python = Optional.ofNullable(yaml.get("python")).map(String::valueOf);
    return new PackageRequirements(python.or(() -> written), requirements);
  }

  private static PackageRequirements ofConda(
      ModelPackage modelPackage, String file, Optional<String> written) {
    Map<String, Object> yaml = YamlDocuments.read(text(modelPackage, file), file);
    Optional<String> python = Optional.empty();
    List<String> requirements = new ArrayList<>();
    for (Object dependency : list(yaml.get("dependencies"), file)) {
      if (dependency instanceof Map<?, ?> section) {
        for (Object requirement : list(section.get("pip"), file)) {
          add(modelPackage, file, text(requirement, file), 0, requirements);
        }
        continue;
      }
      String name = text(dependency, file);
      Matcher version = CONDA_PYTHON.matcher(name);
      if (version.matches()) {
        python = Optional.of(version.group(1));
      } else if (!CONDA_BASICS.matcher(name).matches()) {
        throw new UnsupportedModelException(
            file + " asks conda for " + name + "; only what pip installs can be prepared here");
      }
    }
    return new PackageRequirements(python.or(() -> written), requirements);
  }

  private static List<String> lines(ModelPackage modelPackage, String file, int nesting) {
    List<String> requirements = new ArrayList<>();
    String joined = text(modelPackage, file).replaceAll("\\\\\\R", " ");
    for (String line : joined.lines().toList()) {
      String requirement = line.replaceAll("(^|\\s)#.*", "").strip();
      if (!requirement.isEmpty()) {
        add(modelPackage, file, requirement, nesting, requirements);
      }
    }
    return requirements;
  }

  private static void add(
      ModelPackage modelPackage,
      String file,
      String requirement,
      int nesting,
      List<String> requirements) {
    Matcher included = INCLUDED.matcher(requirement);
    if (included.matches() && nesting < MAX_NESTING) {
      requirements.addAll(lines(modelPackage, included.group(1), nesting + 1));
      return;
    }
    // No other character is white space here: pip ends lines at some that Java does not know.
    String spaced = requirement.replaceAll("[ \\t]+", " ");
    if (spaced.length() > MAX_CHARACTERS_WITH_HASHES
        || !isNameWithVersions(HASHES.matcher(spaced).replaceFirst(""))) {
      throw new UnsupportedModelException(
          file
              + " asks for \""
              + requirement.replaceAll("[^ -~]", "?")
              + "\"; only names with versions can be prepared here, since the server decides where"
              + " packages come from");
    }
    requirements.add(spaced);
  }

  private static boolean isNameWithVersions(String text) {
    Matcher parts = REQUIREMENT.matcher(text);
    if (text.length() > MAX_CHARACTERS || !parts.matches()) {
      return false;
    }
    String versions = Optional.ofNullable(parts.group("versions")).orElse("");
    return !ARCHIVE.matcher(parts.group("name")).matches() && !ARCHIVE.matcher(versions).matches();
  }

  private static String text(ModelPackage modelPackage, String path) {
    Path file = modelPackage.file(path);
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new ModelPackageException(path + " is larger than " + MAX_FILE_BYTES + " bytes");
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw new ModelPackageException("cannot read " + path + ": " + e, e);
    }
  }

  private static List<?> list(Object value, String file) {
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw new ModelPackageException(file + ": dependencies must be a list");
  }

  private static String text(Object value, String file) {
    if (value instanceof String text) {
      return text.strip();
    }
    throw new ModelPackageException(file + ": a dependency must be text, not " + value);
  }
}
