package dev.slipway.tracking.store;

import dev.slipway.tracking.run.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;

/** Makes random orders of runs together with what they mean, said over the runs themselves. */
final class RunOrder {
  /** By as many characters as page tokens carry. */
  private static final int SORTED_CHARS = 250;

  private static final Comparator<String> BY_CODE_POINT =
      (a, b) -> {
        int[] left = a.codePoints().limit(SORTED_CHARS).toArray();
        int[] right = b.codePoints().limit(SORTED_CHARS).toArray();
        return Arrays.compare(left, right);
      };

  /** Is an order and what it means. */
  record Sample(List<String> terms, Comparator<Run> meaning) {}

  private RunOrder() {}

  /** Returns an order of at most three terms. */
  static Sample next(Random random, RandomFilters<Run> quoting) {
    List<Integer> kinds = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8));
    Collections.shuffle(kinds, random);
    List<String> terms = new ArrayList<>();
    List<Comparator<Run>> meanings = new ArrayList<>();
    boolean byStart = false;
    for (int kind : kinds.subList(0, random.nextInt(4))) {
      String key = RandomFilters.KEYS.get(random.nextInt(RandomFilters.KEYS.size()));
      boolean descending = random.nextBoolean();
      byStart |= kind == 3;
      String quoted = quoting.quotedKey(key);
      String field =
          switch (kind) {
            case 0 -> "metrics." + quoted;
            case 1 -> "params." + quoted;
            case 2 -> "tags." + quoted;
            case 3 -> "start_time";
            case 4 -> "end_time";
            case 5 -> "run_name";
            case 6 -> "user_id";
            case 7 -> "status";
            default -> "artifact_uri";
          };
      terms.add(field + (descending ? " DESC" : random.nextBoolean() ? " asc" : ""));
      meanings.add(term(kind, key, descending));
    }
    if (!byStart) {
      meanings.add(term(3, "", true));
    }
    meanings.add(Comparator.comparing(run -> run.info().id().toString()));
    return new Sample(terms, meanings.stream().reduce(Comparator::thenComparing).orElseThrow());
  }

  private static Comparator<Run> term(int kind, String key, boolean descending) {
    return switch (kind) {
      case 0 -> {
        Comparator<Run> nanLast =
            Comparator.comparing(
                run -> RandomRunFilters.metric(run, key).map(v -> v.isNaN() ? 1 : 0).orElse(2));
        // Zeros are equal, whatever their sign.
        yield nanLast.thenComparing(
            missingLast(run -> RandomRunFilters.metric(run, key).map(v -> v + 0.0), descending));
      }
      case 1 -> texts(run -> RandomRunFilters.param(run, key), descending);
      case 2 -> texts(run -> RandomRunFilters.tag(run, key), descending);
      case 3 -> missingLast(run -> Optional.of(run.info().startTime()), descending);
      case 4 -> missingLast(run -> run.info().endTime(), descending);
      case 5 -> texts(run -> Optional.of(run.info().name()), descending);
      case 6 -> texts(run -> Optional.of(run.info().userId()), descending);
      case 7 -> texts(run -> Optional.of(run.info().status().name()), descending);
      default -> texts(run -> Optional.of(run.info().artifactUri()), descending);
    };
  }

  private static Comparator<Run> texts(Function<Run, Optional<String>> value, boolean descending) {
    return missingLast(value, BY_CODE_POINT, descending);
  }

  private static <T extends Comparable<? super T>> Comparator<Run> missingLast(
      Function<Run, Optional<T>> value, boolean descending) {
    return missingLast(value, Comparator.naturalOrder(), descending);
  }

  private static <T> Comparator<Run> missingLast(
      Function<Run, Optional<T>> value, Comparator<T> order, boolean descending) {
    return Comparator.comparing(
        run -> value.apply(run).orElse(null),
        Comparator.nullsLast(descending ? order.reversed() : order));
  }
}
