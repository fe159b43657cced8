package dev.slipway.runtime.search;

import dev.slipway.runtime.error.InvalidValueException;
import dev.slipway.runtime.search.FilterParser.ComparisonContext;
import dev.slipway.runtime.search.FilterParser.ConjunctionContext;
import dev.slipway.runtime.search.FilterParser.DisjunctionContext;
import dev.slipway.runtime.search.FilterParser.GroupContext;
import dev.slipway.runtime.search.FilterParser.IdentifierContext;
import dev.slipway.runtime.search.FilterParser.LiteralContext;
import dev.slipway.runtime.search.FilterParser.MembershipContext;
import dev.slipway.runtime.search.FilterParser.NegationContext;
import dev.slipway.runtime.search.FilterParser.OrderContext;
import dev.slipway.runtime.search.FilterParser.PresenceContext;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStream;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.misc.Interval;

/**
 * Turns the text of filters and order terms into trees, against the fields of one kind of object.
 *
 * <p>Every refusal is an {@link IllegalArgumentException} whose message says where, counted in
 * characters from 1, shows the text around with a mark {@code >>>} before the place, and says what
 * would be accepted; most are {@link InvalidValueException}s with one of the {@link FilterReasons}.
 * Thread-safe.
 *
 * @param <F> the fields
 */
public final class SearchParser<F> {
  /** The most characters of a filter or of an order term. */
  public static final int MAX_CHARS = 16_000;

  /** The most clauses of a filter. */
  public static final int MAX_CLAUSES = 100;

  /** The most levels of parentheses and {@code NOT}s around a clause. */
  public static final int MAX_NESTING = 100;

  private static final int MAX_MESSAGE_CHARS = 400;

  /** What a refusal shows of the text on each side of the place. */
  private static final int EXCERPT_CHARS = 30;

  /** Whole numbers up to this size are exact as doubles. */
  private static final BigDecimal MAX_WHOLE = BigDecimal.valueOf(1L << 53);

  private final FieldRules<F> rules;

  /** Creates a parser for the fields that the rules know. */
  public SearchParser(FieldRules<F> rules) {
    this.rules = rules;
  }

  /**
   * Reads a filter.
   *
   * @return absent for an empty text, which matches everything
   * @throws IllegalArgumentException if it is blank, not valid, or too large
   */
  public Optional<Filter<F>> filter(String text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (text.isBlank()) {
      throw new InvalidValueException(
          FilterReasons.SYNTAX, "is blank; leave it empty to match everything");
    }
    FilterParser parser = parser(text);
    return Optional.of(new TreeBuilder().visit(parser.filter().disjunction()));
  }

  /**
   * Reads an order term.
   *
   * @throws IllegalArgumentException if it is not valid, or the field is none to order by
   */
  public OrderBy<F> orderBy(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("is blank");
    }
    OrderContext order = parser(text).order();
    F field = field(order.identifier());
    if (!rules.orderable(field)) {
      throw at(order.identifier(), "lists cannot be ordered by " + order.identifier().getText());
    }
    return new OrderBy<>(
        field, order.direction != null && order.direction.getType() == FilterParser.DESC);
  }

  /**
   * Reads the terms of an order.
   *
   * @throws IllegalArgumentException if there are too many, one is not valid, or two name the same
   *     field
   */
  public List<OrderBy<F>> order(List<String> texts, int maxTerms) {
    if (texts.size() > maxTerms) {
      throw new IllegalArgumentException(
          "has " + texts.size() + " terms; at most " + maxTerms + " are allowed");
    }
    List<OrderBy<F>> order = new ArrayList<>();
    Set<F> fields = new HashSet<>();
    for (String text : texts) {
      OrderBy<F> term = orderBy(text);
      if (!fields.add(term.field())) {
        throw new IllegalArgumentException("\"" + text + "\" orders by a field that came before");
      }
      order.add(term);
    }
    return order;
  }

  private FilterParser parser(String text) {
    if (text.length() > MAX_CHARS) {
      throw InvalidValueException.tooLong(text.length(), MAX_CHARS);
    }
    if (text.indexOf('\0') >= 0) {
      throw new InvalidValueException(FilterReasons.SYNTAX, "must not contain the character NUL");
    }
    FilterLexer lexer = new FilterLexer(CharStreams.fromString(text));
    lexer.removeErrorListeners();
    lexer.addErrorListener(new Refusal());
    CommonTokenStream tokens = new CommonTokenStream(lexer);
    tokens.fill();
    // The parser recurses per level, so that levels must be few before it starts.
    if (Nesting.depth(tokens.getTokens()) > MAX_NESTING) {
      throw new InvalidValueException(
          FilterReasons.SYNTAX,
          "nests parentheses and NOTs deeper than " + MAX_NESTING + " levels");
    }
    FilterParser parser = new FilterParser(tokens);
    parser.removeErrorListeners();
    parser.addErrorListener(new Refusal());
    return parser;
  }

  private F field(IdentifierContext identifier) {
    try {
      return rules.field(Identifier.parse(identifier.getText()));
    } catch (IllegalArgumentException e) {
      String reason = e instanceof InvalidValueException known ? known.reason() : "";
      throw at(identifier.getStart(), reason, e.getMessage());
    }
  }

  private static IllegalArgumentException at(ParserRuleContext place, String message) {
    return at(place.getStart(), FilterReasons.SYNTAX, message);
  }

  private static IllegalArgumentException operator(ParserRuleContext place, String message) {
    return at(place.getStart(), FilterReasons.OPERATOR, message);
  }

  private static IllegalArgumentException at(Token place, String reason, String message) {
    String line = place.getLine() > 1 ? "line " + place.getLine() + ", " : "";
    return new InvalidValueException(
        reason,
        "at "
            + line
            + "character "
            + (place.getCharPositionInLine() + 1)
            + ": "
            + shortened(message)
            + "; here: "
            + excerpt(place));
  }

  /** Messages may name what was found, which may be long, and travel in headers of limited size. */
  private static String shortened(String message) {
    return message.length() <= MAX_MESSAGE_CHARS
        ? message
        : message.substring(0, MAX_MESSAGE_CHARS / 2)
            + "..."
            + message.substring(message.length() - MAX_MESSAGE_CHARS / 2);
  }

  /** Returns the text around a place, with a mark before it. */
  private static String excerpt(Token place) {
    CharStream text = place.getInputStream();
    int at = Math.min(place.getStartIndex(), text.size());
    int from = Math.max(0, at - EXCERPT_CHARS);
    int to = Math.min(text.size(), at + EXCERPT_CHARS);
    String before = from == at ? "" : text.getText(Interval.of(from, at - 1));
    String after = at == to ? "" : text.getText(Interval.of(at, to - 1));
    return (from > 0 ? "..." : "") + before + " >>> " + after + (to < text.size() ? "..." : "");
  }

  private final class Refusal extends BaseErrorListener {
    @Override
    public void syntaxError(
        Recognizer<?, ?> recognizer,
        Object symbol,
        int line,
        int column,
        String message,
        RecognitionException e) {
      // Only the parser complains: the lexer takes every character.
      throw at(
          (Token) symbol,
          FilterReasons.SYNTAX,
          shortened(message)
              + "; a clause is an identifier, an operator and a value, such as "
              + rules.examples());
    }
  }

  /** Builds the tree out of the parse tree, checking fields and operators on the way. */
  private final class TreeBuilder extends FilterBaseVisitor<Filter<F>> {
    private int clauses;

    @Override
    public Filter<F> visitDisjunction(DisjunctionContext context) {
      List<Filter<F>> parts = context.conjunction().stream().map(this::visit).toList();
      return parts.size() == 1 ? parts.get(0) : new Filter.Or<>(parts);
    }

    @Override
    public Filter<F> visitConjunction(ConjunctionContext context) {
      List<Filter<F>> parts = context.term().stream().map(this::visit).toList();
      return parts.size() == 1 ? parts.get(0) : new Filter.And<>(parts);
    }

    @Override
    public Filter<F> visitNegation(NegationContext context) {
      return new Filter.Not<>(visit(context.term()));
    }

    @Override
    public Filter<F> visitGroup(GroupContext context) {
      return visit(context.disjunction());
    }

    @Override
    public Filter<F> visitComparison(ComparisonContext context) {
      F field = clause(context, context.identifier());
      Operator operator = Operator.of(context.operator().getText());
      boolean quoted = context.literal().text() != null;
      if (rules.type(field) == FieldType.WHOLE_NUMBER) {
        return wholeNumberComparison(context, field, operator);
      }
      return quoted
          ? textComparison(context, field, operator)
          : numberComparison(context, field, operator);
    }

    private Filter<F> textComparison(ComparisonContext context, F field, Operator operator) {
      if (rules.type(field) == FieldType.NUMBER) {
        throw at(
            context.literal(),
            context.identifier().getText() + " is compared with a number, without quotes");
      }
      if (operator.isInequality()) {
        throw operator(
            context.operator(),
            "text is compared by "
                + rules.type(field).operators()
                + ", not by "
                + operator.symbol());
      }
      return new Filter.TextComparison<>(
          field, operator, Identifier.unquote(context.literal().getText()));
    }

    private Filter<F> numberComparison(ComparisonContext context, F field, Operator operator) {
      if (rules.type(field) == FieldType.TEXT) {
        throw at(
            context.literal(), context.identifier().getText() + " is compared with text in quotes");
      }
      if (operator.isPattern()) {
        throw at(context.operator(), operator.symbol() + " takes text in quotes");
      }
      double number = Double.parseDouble(context.literal().getText());
      if (Double.isInfinite(number)) {
        throw at(context.literal(), "the number is too large");
      }
      return new Filter.NumberComparison<>(field, operator, number);
    }

    private Filter<F> wholeNumberComparison(ComparisonContext context, F field, Operator operator) {
      String name = context.identifier().getText();
      if (operator.isPattern()) {
        throw operator(
            context.operator(),
            name
                + " is compared by "
                + rules.type(field).operators()
                + ", not by "
                + operator.symbol());
      }
      LiteralContext literal = context.literal();
      String text =
          literal.text() == null ? literal.getText() : Identifier.unquote(literal.getText());
      BigDecimal number;
      try {
        number = new BigDecimal(text);
      } catch (NumberFormatException e) {
        throw at(literal, name + " is compared with a number");
      }
      if (number.abs().compareTo(MAX_WHOLE) > 0) {
        throw at(literal, name + " is compared with a whole number of at most " + MAX_WHOLE);
      }
      if (number.stripTrailingZeros().scale() > 0) {
        throw at(literal, name + " is compared with a whole number, and " + text + " is none");
      }
      return new Filter.NumberComparison<>(field, operator, number.doubleValue());
    }

    @Override
    public Filter<F> visitMembership(MembershipContext context) {
      F field = clause(context, context.identifier());
      if (!rules.takesList(field)) {
        throw operator(
            context,
            context.identifier().getText()
                + " is not looked up in lists; it is compared by "
                + rules.type(field).operators());
      }
      return new Filter.Membership<>(
          field,
          context.NOT() != null,
          context.text().stream().map(text -> Identifier.unquote(text.getText())).toList());
    }

    @Override
    public Filter<F> visitPresence(PresenceContext context) {
      F field = clause(context, context.identifier());
      if (!rules.mayBeMissing(field)) {
        throw operator(
            context,
            context.identifier().getText()
                + " takes no IS NULL; it is compared by "
                + rules.type(field).operators());
      }
      return new Filter.Presence<>(field, context.NOT() == null);
    }

    private F clause(ParserRuleContext place, IdentifierContext identifier) {
      clauses++;
      if (clauses > MAX_CLAUSES) {
        throw at(place, "a filter has at most " + MAX_CLAUSES + " clauses");
      }
      F field = field(identifier);
      if (!rules.filterable(field)) {
        throw at(identifier, identifier.getText() + " is only to order by");
      }
      return field;
    }
  }
}
