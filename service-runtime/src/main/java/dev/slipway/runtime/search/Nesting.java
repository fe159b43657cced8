package dev.slipway.runtime.search;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.antlr.v4.runtime.Token;

/**
 * Measures how deep a filter nests: each group in parentheses and each {@code NOT} before a term is
 * a level, while it lasts. Lists of {@code IN}, {@code NOT IN} and {@code IS NOT NULL} are none.
 */
final class Nesting {
  private final Deque<Integer> levelsOfOpenGroups = new ArrayDeque<>();
  private int levels;
  private int negations;
  private int deepest;

  private Nesting() {}

  /** Returns the most levels around any token, be the filter valid or not. */
  static int depth(List<Token> tokens) {
    Nesting nesting = new Nesting();
    for (int i = 0; i < tokens.size(); i++) {
      int before = i == 0 ? Token.EOF : tokens.get(i - 1).getType();
      int after = i + 1 == tokens.size() ? Token.EOF : tokens.get(i + 1).getType();
      nesting.take(before, tokens.get(i).getType(), after);
    }
    return nesting.deepest;
  }

  private void take(int before, int token, int after) {
    switch (token) {
      case FilterLexer.NOT -> {
        if (before != FilterLexer.IS && after != FilterLexer.IN) {
          negations++;
        }
      }
      case FilterLexer.OPEN -> {
        // The group lasts longer than the negations before it count alone. A list opens nothing.
        int own = before == FilterLexer.IN ? 0 : negations + 1;
        levelsOfOpenGroups.push(own);
        levels += own;
        negations = own == 0 ? negations : 0;
      }
      case FilterLexer.CLOSE -> {
        levels -= levelsOfOpenGroups.isEmpty() ? 0 : levelsOfOpenGroups.pop();
        negations = 0;
      }
      case FilterLexer.AND, FilterLexer.OR -> negations = 0;
      default -> {}
    }
    deepest = Math.max(deepest, levels + negations);
  }
}
