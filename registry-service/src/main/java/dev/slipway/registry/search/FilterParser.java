package dev.slipway.registry.search;

import dev.slipway.registry.search.Attribute.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a filter by recursive descent: {@code or := and {OR and}}, {@code and := not {AND not}},
 * {@code not := [NOT] atom}, {@code atom := ( or ) | attribute operator value}. One instance per
 * text.
 */
final class FilterParser {
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(?:(?<string>'[^']*'|\"[^\"]*\")|(?<back>`[^`]*`)|(?<number>-?[0-9]+(?![\\w.]))"
              + "|(?<symbol><=|>=|!=|[=<>(),])|(?<word>[\\w]+(?:\\.[\\w.]*)?))",
          Pattern.UNICODE_CHARACTER_CLASS);
  private static final Set<String> TEXT_OPERATORS = Set.of("=", "!=", "LIKE", "ILIKE");
  private static final Set<String> NUMBER_OPERATORS = Set.of("=", "!=", "<", "<=", ">", ">=");
  private static final int MAX_DEPTH = 32;
  private static final int MAX_COMPARISONS = 100;

  private final SearchLanguage language;
  private final List<Token> tokens;
  private final int end;
  private int next;
  private int depth;
  private int comparisons;

  FilterParser(SearchLanguage language, String text) {
    this.language = language;
    this.end = text.length();
    this.tokens = tokens(text);
  }

  Condition parse() {
    Condition condition = or();
    if (next < tokens.size()) {
      throw problem("expected AND, OR or the end");
    }
    return condition;
  }

  private Condition or() {
    List<Condition> parts = new ArrayList<>(List.of(and()));
    while (takeWord("OR")) {
      parts.add(and());
    }
    return parts.size() == 1 ? parts.get(0) : new Condition.Or(parts);
  }

  private Condition and() {
    List<Condition> parts = new ArrayList<>(List.of(not()));
    // MLflow lets a filter end with AND.
    while (takeWord("AND") && next < tokens.size()) {
      parts.add(not());
    }
    return parts.size() == 1 ? parts.get(0) : new Condition.And(parts);
  }

  private Condition not() {
    if (++depth > MAX_DEPTH) {
      throw problem("is nested deeper than " + MAX_DEPTH + " levels");
    }
    try {
      if (takeWord("NOT")) {
        return new Condition.Not(not());
      }
      if (takeSymbol("(")) {
        Condition inner = or();
        if (!takeSymbol(")")) {
          throw problem("expected )");
        }
        return inner;
      }
      return comparison();
    } finally {
      depth--;
    }
  }

  private Condition comparison() {
    if (++comparisons > MAX_COMPARISONS) {
      throw problem("has more than " + MAX_COMPARISONS + " comparisons");
    }
    Attribute attribute = attribute();
    if (attribute.kind() == Kind.RUN_ID && takeWord("IN")) {
      return new Condition.In(attribute, list());
    }
    Token token = take("a comparison operator");
    String operator = token.text().toUpperCase(Locale.ROOT);
    boolean number = attribute.kind() == Kind.VERSION_NUMBER;
    if (!(number ? NUMBER_OPERATORS : TEXT_OPERATORS).contains(operator)) {
      next--;
      throw problem(
          "expected one of "
              + (number ? NUMBER_OPERATORS : TEXT_OPERATORS).stream().sorted().toList());
    }
    return new Condition.Comparison(attribute, operator, number ? number() : string());
  }

  private Attribute attribute() {
    Token token = take("an attribute such as name or tags.team");
    String text = token.text();
    if (token.type() == Type.BACK) {
      return attribute(text);
    }
    if (token.type() != Type.WORD) {
      next--;
      throw problem("expected an attribute such as name or tags.team");
    }
    int dot = text.indexOf('.');
    if (dot < 0) {
      return attribute(text);
    }
    String entity = text.substring(0, dot).toLowerCase(Locale.ROOT);
    String key = text.substring(dot + 1);
    if (key.isEmpty()) {
      key = take("a key").text();
    }
    return switch (entity) {
      case "tag", "tags" -> new Attribute(Kind.TAG, Optional.of(key));
      case "attribute", "attributes" -> attribute(key);
      default -> {
        next--;
        throw problem("has the unknown entity \"" + entity + "\"; expected tags or attribute");
      }
    };
  }

  private Attribute attribute(String key) {
    Kind kind = language.attributes().get(key);
    if (kind == null) {
      next--;
      throw problem(
          "has the unknown attribute \""
              + key
              + "\"; expected tags.<key> or one of "
              + language.attributes().keySet().stream().sorted().toList());
    }
    return new Attribute(kind, Optional.empty());
  }

  private List<String> list() {
    if (!takeSymbol("(")) {
      throw problem("expected (");
    }
    List<String> values = new ArrayList<>();
    do {
      values.add(string());
    } while (takeSymbol(","));
    if (!takeSymbol(")")) {
      throw problem("expected )");
    }
    return values;
  }

  private String string() {
    Token token = take("a quoted text");
    if (token.type() != Type.STRING) {
      next--;
      throw problem("expected a text in quotes");
    }
    return token.text();
  }

  private long number() {
    Token token = take("a whole number");
    try {
      return Long.parseLong(token.text());
    } catch (NumberFormatException e) {
      next--;
      IllegalArgumentException problem = problem("expected a whole number");
      problem.initCause(e);
      throw problem;
    }
  }

  private Token take(String expected) {
    if (next == tokens.size()) {
      throw problem("expected " + expected);
    }
    return tokens.get(next++);
  }

  private boolean takeWord(String word) {
    return takeIf(Type.WORD, word);
  }

  private boolean takeSymbol(String symbol) {
    return takeIf(Type.SYMBOL, symbol);
  }

  private boolean takeIf(Type type, String text) {
    if (next < tokens.size()
        && tokens.get(next).type() == type
        && tokens.get(next).text().equalsIgnoreCase(text)) {
      next++;
      return true;
    }
    return false;
  }

  private IllegalArgumentException problem(String what) {
    int at = next < tokens.size() ? tokens.get(next).position() : end;
    return new IllegalArgumentException(what + " at position " + (at + 1));
  }

  private static List<Token> tokens(String text) {
    List<Token> tokens = new ArrayList<>();
    Matcher matcher = TOKEN.matcher(text);
    int at = 0;
    while (at < text.length() && !text.substring(at).isBlank()) {
      if (!matcher.find(at) || matcher.start() != at) {
        throw new IllegalArgumentException("cannot be read at position " + (at + 1));
      }
      tokens.add(token(matcher));
      at = matcher.end();
    }
    return tokens;
  }

  private static Token token(Matcher matcher) {
    for (Type type : Type.values()) {
      String text = matcher.group(type.group);
      if (text != null) {
        boolean quoted = type == Type.STRING || type == Type.BACK;
        return new Token(
            type, quoted ? text.substring(1, text.length() - 1) : text, matcher.start(type.group));
      }
    }
    throw new IllegalStateException("a token has a type");
  }

  private enum Type {
    STRING("string"),
    BACK("back"),
    NUMBER("number"),
    SYMBOL("symbol"),
    WORD("word");

    private final String group;

    Type(String group) {
      this.group = group;
    }
  }

  private record Token(Type type, String text, int position) {}
}
