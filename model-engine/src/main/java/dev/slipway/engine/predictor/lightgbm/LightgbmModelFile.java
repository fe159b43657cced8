package dev.slipway.engine.predictor.lightgbm;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A model in LightGBM's text format, checked. LightGBM itself reads such text without looking at
 * sizes and indexes: a file that was cut off or tampered with makes it read beyond its memory or
 * follow a tree in circles. So everything that it will follow is checked here first.
 *
 * <p>Format: {@code GBDT::SaveModelToString} in LightGBM's <a
 * href="https://github.com/microsoft/LightGBM/blob/v4.3.0/src/boosting/gbdt_model_text.cpp">gbdt_model_text.cpp</a>
 * and {@code Tree::ToString} in tree.cpp.
 *
 * @param text the whole file
 * @param width the numbers that the model answers per row
 * @param featureNames in order; LightGBM has put {@code _} for white space in them
 * @param categorical the positions of the features whose values are categories, ascending
 * @param pandasCategories the last line that the Python package writes: the categories of each
 *     categorical column of the data frame, as JSON
 */
record LightgbmModelFile(
    String text,
    int width,
    List<String> featureNames,
    List<Integer> categorical,
    Optional<String> pandasCategories) {

  private static final Set<String> VERSIONS = Set.of("v3", "v4");
  private static final String END = "end of trees";
  private static final String CATEGORIES = "\npandas_categorical:";
  private static final String CATEGORICAL_FEATURE = "\n[categorical_feature: ";

  /**
   * Reads a file.
   *
   * @param name its name, for messages
   * @throws ModelPackageException if it is something else, cut off, or contradicts itself
   * @throws UnsupportedModelException if a version of LightGBM wrote it whose format is not known
   */
  static LightgbmModelFile parse(String text, String name) {
    try {
      return parse(text);
    } catch (Malformed e) {
      throw new ModelPackageException(
          name + " is not a whole LightGBM text model: " + e.getMessage(), e);
    } catch (UnknownVersion e) {
      throw new UnsupportedModelException(
          name
              + " has the format version "
              + e.getMessage()
              + "; v3 and v4, which LightGBM 3 and 4 write, are read: save it with such a version",
          e);
    }
  }

  private static LightgbmModelFile parse(String text) throws Malformed, UnknownVersion {
    if (!text.startsWith("tree\n") && !text.startsWith("tree\r\n")) {
      throw new Malformed("it does not begin with the line \"tree\"");
    }
    // Line ends of two characters would put LightGBM's offsets out.
    if (text.indexOf('\r') >= 0) {
      throw new Malformed("it has line ends of Windows; LightGBM writes \\n");
    }
    int treesStart = text.indexOf("\nTree=0\n") + 1;
    int treesEnd = text.indexOf("\n" + END + "\n") + 1;
    if (treesEnd == 0) {
      throw new Malformed("the line \"" + END + "\" is missing; the file is cut off");
    }
    if (!text.endsWith("\n")
        || (text.indexOf("\nparameters:", treesEnd) > 0
            && text.indexOf("\nend of parameters\n", treesEnd) < 0)) {
      throw new Malformed("the end is missing; the file is cut off");
    }
    if (treesStart == 0 || treesStart > treesEnd) {
      throw new Malformed("it has no tree");
    }
    LightgbmFields header = LightgbmFields.parse(text, 0, treesStart);
    String version = header.text("version");
    if (!VERSIONS.contains(version)) {
      throw new UnknownVersion(version);
    }
    int features = header.number("max_feature_idx", 0, Integer.MAX_VALUE - 1) + 1;
    List<String> names = Arrays.asList(header.text("feature_names").split(" ", -1));
    if (names.size() != features) {
      throw new Malformed(
          "it has " + names.size() + " feature_names for " + features + " features");
    }
    int width = width(header);
    checkTrees(text, treesStart, treesEnd, header, features, width);
    return new LightgbmModelFile(
        text, width, names, categorical(text, treesEnd, features), pandasCategories(text));
  }

  private static int width(LightgbmFields header) throws Malformed {
    int classes = header.number("num_class", 1, Short.MAX_VALUE);
    int treesPerIteration = header.number("num_tree_per_iteration", 1, Short.MAX_VALUE);
    String objective = header.find("objective").orElse("");
    int declared = 1;
    for (String word : objective.split(" ", -1)) {
      if (word.startsWith("num_class:")) {
        declared = LightgbmFields.integer(word.substring("num_class:".length()), "objective");
      }
    }
    if (classes != treesPerIteration || (!objective.isEmpty() && declared != classes)) {
      throw new Malformed(
          "num_class="
              + classes
              + ", num_tree_per_iteration="
              + treesPerIteration
              + " and objective="
              + objective
              + " contradict each other");
    }
    return classes;
  }

  /** LightGBM finds each tree by the sum of the sizes before it. */
  private static void checkTrees(
      String text, int start, int end, LightgbmFields header, int features, int perIteration)
      throws Malformed {
    String[] sizes = header.text("tree_sizes").split(" ", -1);
    if (sizes.length % perIteration != 0) {
      throw new Malformed(
          "it has " + sizes.length + " trees, which " + perIteration + " classes cannot share");
    }
    int position = start;
    for (int i = 0; i < sizes.length; i++) {
      String title = "Tree=" + i + "\n";
      int size = LightgbmFields.integer(sizes[i], "tree_sizes");
      if (size < title.length() || size > end - position || !text.startsWith(title, position)) {
        throw new Malformed("tree_sizes do not lead to the line Tree=" + i);
      }
      LightgbmTreeCheck.check(
          LightgbmFields.parse(text, position + title.length(), position + size), i, features);
      position += size;
    }
    if (position != end) {
      throw new Malformed("tree_sizes do not lead to the line \"" + END + "\"");
    }
  }

  private static List<Integer> categorical(String text, int from, int features) throws Malformed {
    int start = text.indexOf(CATEGORICAL_FEATURE, from);
    int end = text.indexOf("]\n", start);
    if (start < 0 || end < 0) {
      return List.of();
    }
    String value = text.substring(start + CATEGORICAL_FEATURE.length(), end);
    // The command line may have been given names, which only the data that it trained on resolves.
    if (value.isEmpty() || value.startsWith("name:")) {
      return List.of();
    }
    Set<Integer> positions = new TreeSet<>();
    for (String word : value.split(",", -1)) {
      int position = LightgbmFields.integer(word, "categorical_feature");
      if (position < 0 || position >= features) {
        throw new Malformed("categorical_feature has " + position + " of " + features);
      }
      positions.add(position);
    }
    return List.copyOf(positions);
  }

  private static Optional<String> pandasCategories(String text) {
    int start = text.lastIndexOf(CATEGORIES);
    return start < 0
        ? Optional.empty()
        : Optional.of(text.substring(start + CATEGORIES.length()).strip());
  }

  /** Tells what is wrong with the text. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    Malformed(String message) {
      super(message);
    }
  }

  /** Names the version. */
  private static final class UnknownVersion extends Exception {
    private static final long serialVersionUID = 1;

    UnknownVersion(String message) {
      super(message);
    }
  }
}
