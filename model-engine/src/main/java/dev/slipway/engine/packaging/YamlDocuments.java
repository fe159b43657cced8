package dev.slipway.engine.packaging;

import dev.slipway.engine.error.ModelPackageException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * YAML as PyYAML's {@code safe_load} and {@code safe_dump} treat it, within limits that keep a
 * hostile file from costing more than its size. Values are null, Boolean, Integer, Long,
 * BigInteger, Double, String, List and Map; a timestamp stays text.
 */
public final class YamlDocuments {

  /**
   * The longest document that is read, in characters: room for ten thousand columns. The parser's
   * time grows with the square of its longest plain word, so the bound is one of time too.
   */
  static final int MAX_CHARACTERS = 2 << 20;

  private static final int MAX_DEPTH = 64;
  private static final int MAX_ALIASES = 100;
  private static final int MAX_VALUES = 1_000_000;
  private static final int MAX_CAUSE_LINES = 8;

  private YamlDocuments() {}

  /**
   * Reads a document whose root is a map. Aliases are expanded, so the result is a tree of its own.
   *
   * @param where the file, for messages
   * @throws ModelPackageException if the text is not YAML, has a tag beyond the standard ones, or
   *     exceeds a limit
   */
  public static Map<String, Object> read(String text, String where) {
    if (text.length() > MAX_CHARACTERS) {
      throw new ModelPackageException(
          where + " is too large: more than " + MAX_CHARACTERS + " characters");
    }
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_CHARACTERS);
    options.setNestingDepthLimit(MAX_DEPTH);
    options.setMaxAliasesForCollections(MAX_ALIASES);
    options.setAllowDuplicateKeys(false);
    options.setAllowRecursiveKeys(false);
    options.setProcessComments(false);
    DumperOptions unused = new DumperOptions();
    Object root;
    try {
      root =
          new Yaml(
                  new SafeConstructor(options),
                  new Representer(unused),
                  unused,
                  options,
                  new TextTimestamps())
              .load(text);
    } catch (YAMLException | StackOverflowError e) {
      throw new ModelPackageException(where + " is not acceptable YAML: " + brief(e), e);
    }
    if (!(root instanceof Map<?, ?> map)) {
      throw new ModelPackageException(where + " must hold a map of keys and values");
    }
    return stringKeys(new Copier(where).copyMap(map, 0), where);
  }

  private static String brief(Throwable e) {
    if (e.getMessage() == null) {
      return "nested too deeply";
    }
    return e.getMessage()
        .lines()
        .limit(MAX_CAUSE_LINES)
        .map(String::strip)
        .reduce((a, b) -> a + " " + b)
        .orElse("");
  }

  /** Returns the map with its keys typed. */
  static Map<String, Object> stringKeys(Map<?, ?> map, String where) {
    Map<String, Object> typed = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getKey() instanceof String key)) {
        throw new ModelPackageException(
            where + " has the key " + entry.getKey() + ", which is not a string");
      }
      typed.put(key, entry.getValue());
    }
    return Collections.unmodifiableMap(typed);
  }

  /** Returns the document as block-style text with sorted keys, ending in a newline. */
  static String write(Map<String, Object> document) {
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    options.setAllowUnicode(false);
    options.setWidth(80);
    options.setSplitLines(true);
    options.setLineBreak(DumperOptions.LineBreak.UNIX);
    return new Yaml(options).dump(sorted(document));
  }

  private static Object sorted(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy =
          map.keySet().stream().allMatch(String.class::isInstance)
              ? new TreeMap<>()
              : new LinkedHashMap<>();
      map.forEach((key, member) -> copy.put(key, sorted(member)));
      return copy;
    }
    if (value instanceof List<?> list) {
      List<Object> copy = new ArrayList<>();
      list.forEach(element -> copy.add(sorted(element)));
      return copy;
    }
    return value;
  }

  /** Returns an unmodifiable deep copy, refusing values that YAML of this kind cannot hold. */
  static Map<String, Object> copy(Map<String, ?> map, String where) {
    return stringKeys(new Copier(where).copyMap(map, 0), where);
  }

  /** Copies a graph of shared collections into a tree, up to a number of values. */
  private static final class Copier {

    private final String where;
    private int values;

    Copier(String where) {
      this.where = where;
    }

    Map<Object, Object> copyMap(Map<?, ?> map, int depth) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      map.forEach((key, value) -> copy.put(copyValue(key, depth + 1), copyValue(value, depth + 1)));
      return Collections.unmodifiableMap(copy);
    }

    private Object copyValue(Object value, int depth) {
      if (++values > MAX_VALUES || depth > MAX_DEPTH) {
        throw new ModelPackageException(
            where
                + " has more than "
                + MAX_VALUES
                + " values or is nested deeper than "
                + MAX_DEPTH
                + ", aliases expanded");
      }
      if (value instanceof Map<?, ?> map) {
        return copyMap(map, depth);
      }
      if (value instanceof List<?> list) {
        List<Object> copy = new ArrayList<>(Math.min(list.size(), MAX_VALUES));
        for (Object element : list) {
          copy.add(copyValue(element, depth + 1));
        }
        return Collections.unmodifiableList(copy);
      }
      if (value == null
          || value instanceof Boolean
          || value instanceof Integer
          || value instanceof Long
          || value instanceof BigInteger
          || value instanceof Double
          || value instanceof String) {
        return value;
      }
      throw new ModelPackageException(
          where + " has a value of an unsupported type: " + value.getClass().getSimpleName());
    }
  }

  /**
   * YAML 1.1 as PyYAML resolves it, timestamps excepted: they would become mutable dates in some
   * time zone.
   */
  private static final class TextTimestamps extends Resolver {

    @Override
    public void addImplicitResolver(Tag tag, Pattern regexp, String first, int limit) {
      if (!tag.equals(Tag.TIMESTAMP)) {
        super.addImplicitResolver(tag, regexp, first, limit);
      }
    }
  }
}
