package dev.slipway.tracking.search;

import dev.slipway.tracking.search.FilterParser.ComparisonContext;
import dev.slipway.tracking.search.FilterParser.ConjunctionContext;
import dev.slipway.tracking.search.FilterParser.DisjunctionContext;
import dev.slipway.tracking.search.FilterParser.GroupContext;
import dev.slipway.tracking.search.FilterParser.IdentifierContext;
import dev.slipway.tracking.search.FilterParser.LiteralContext;
import dev.slipway.tracking.search.FilterParser.MembershipContext;
import dev.slipway.tracking.search.FilterParser.NegationContext;
import dev.slipway.tracking.search.FilterParser.OrderContext;
import dev.slipway.tracking.search.FilterParser.PresenceContext;
import java.util.List;
import java.util.Optional;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;

/**
 * Turns the text of filters and order terms into trees, against the fields of one kind of object.
 *
 * <p>Every refusal is an {@link IllegalArgumentException} whose message says where, counted in
 * characters from 1, and what would be accepted. Thread-safe.
 *
 * @param <F> the fields
 */
public final class SearchParser<F> {
  /** The most characters of a filter or of an order term. */
  public static final int MAX_CHARS = 16_000;

  /** The most clauses of a filter. */
  public static final int MAX_CLAUSES = 100;

  private static final int MAX_NESTING = 100;

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
      throw new IllegalArgumentException("is blank; leave it empty to match everything");
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

  private static FilterParser parser(String text) {
    if (text.length() > MAX_CHARS) {
      throw new IllegalArgumentException(
          "has " + text.length() + " characters; at most " + MAX_CHARS + " are allowed");
    }
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("must not contain the character NUL");
    }
    FilterLexer lexer = new FilterLexer(CharStreams.fromString(text));
    lexer.removeErrorListeners();
    lexer.addErrorListener(new Refusal());
    CommonTokenStream tokens = new CommonTokenStream(lexer);
    tokens.fill();
    checkNesting(tokens);
    FilterParser parser = new FilterParser(tokens);
    parser.removeErrorListeners();
    parser.addErrorListener(new Refusal());
    return parser;
  }

  /** The parser recurses per level, so that levels must be few before it starts. */
  private static void checkNesting(CommonTokenStream tokens) {
    int depth = 0;
    for (Token token : tokens.getTokens()) {
      if (token.getText().equals("(") || token.getType() == FilterLexer.NOT) {
        depth++;
      }
    }
    if (depth > MAX_NESTING + MAX_CLAUSES) {
      throw new IllegalArgumentException(
          "has more than " + (MAX_NESTING + MAX_CLAUSES) + " parentheses and NOTs");
    }
  }

  private F field(IdentifierContext identifier) {
    try {
      return rules.field(Identifier.parse(identifier.getText()));
    } catch (IllegalArgumentException e) {
      throw at(identifier, e.getMessage());
    }
  }

  private static IllegalArgumentException at(ParserRuleContext place, String message) {
    return at(place.getStart().getCharPositionInLine(), place.getStart().getLine(), message);
  }

  private static IllegalArgumentException at(int column, int line, String message) {
    String where = line > 1 ? "line " + line + ", character " : "character ";
    return new IllegalArgumentException("at " + where + (column + 1) + ": " + message);
  }

  private static final class Refusal extends BaseErrorListener {
    @Override
    public void syntaxError(
        Recognizer<?, ?> recognizer,
        Object symbol,
        int line,
        int column,
        String message,
        RecognitionException e) {
      throw at(
          column,
          line,
          message
              + "; a clause is an identifier, an operator and a value, such as metrics.loss < 0.5"
              + " or params.\"my key\" = 'text'");
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
      LiteralContext literal = context.literal();
      String name = context.identifier().getText();
      if (literal.text() == null) {
        return numberComparison(context, field, operator, name);
      }
      if (rules.type(field) == FieldType.NUMBER) {
        throw at(literal, name + " is compared with a number, without quotes");
      }
      if (operator.isInequality()) {
        throw at(
            context.operator(),
            "text is compared by =, !=, LIKE or ILIKE, not by " + operator.symbol());
      }
      return new Filter.TextComparison<>(field, operator, Identifier.unquote(literal.getText()));
    }

    private Filter<F> numberComparison(
        ComparisonContext context, F field, Operator operator, String name) {
      if (rules.type(field) == FieldType.TEXT) {
        throw at(context.literal(), name + " is compared with text in quotes");
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

    @Override
    public Filter<F> visitMembership(MembershipContext context) {
      F field = clause(context, context.identifier());
      if (rules.type(field) == FieldType.NUMBER) {
        throw at(context, context.identifier().getText() + " is compared by numeric operators");
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
        throw at(context, "IS NULL is for params and tags");
      }
      return new Filter.Presence<>(field, context.NOT() == null);
    }

    private F clause(ParserRuleContext place, IdentifierContext identifier) {
      clauses++;
      if (clauses > MAX_CLAUSES) {
        throw at(place, "a filter has at most " + MAX_CLAUSES + " clauses");
      }
      return field(identifier);
    }
  }
}
