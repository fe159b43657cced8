package dev.slipway.tracking.rpc;

import dev.slipway.runtime.paging.PageToken;
import dev.slipway.tracking.watch.FeedPosition;
import dev.slipway.tracking.watch.LogPositions;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Writes and reads the tokens with which a watch goes on elsewhere.
 *
 * <p>A token is bound to what is watched, since it would silently leave something out of another
 * watch. It has the form of a page token; its keys are the revision and, in one text, the logs as
 * {@code id=commit} with commas between.
 */
final class ResumeToken {
  private static final String NOT_OURS =
      "is not a resume token of this watch; take the token of the last message of a watch of the"
          + " same run or experiment with the same projection and view, or none for a snapshot";

  private ResumeToken() {}

  static String encode(String watched, FeedPosition position) {
    String logs =
        position.logs().commits().entrySet().stream()
            .map(log -> log.getKey() + "=" + log.getValue())
            .collect(Collectors.joining(","));
    return PageToken.encode(watched, List.of(Long.toString(position.revision()), logs));
  }

  /**
   * Reads a token.
   *
   * @throws IllegalArgumentException if it is damaged, or of another watch
   */
  static FeedPosition decode(String token, String watched) {
    try {
      List<String> keys = PageToken.decode(token, watched).keys();
      if (keys.size() != 2) {
        throw new IllegalArgumentException("has not the two keys of a resume token");
      }
      SortedMap<Long, Long> commits = new TreeMap<>();
      if (!keys.get(1).isEmpty()) {
        for (String log : keys.get(1).split(",", -1)) {
          int equals = log.indexOf('=');
          commits.put(
              Long.parseLong(log, 0, Math.max(0, equals), 10),
              Long.parseLong(log, equals + 1, log.length(), 10));
        }
      }
      return new FeedPosition(Long.parseLong(keys.get(0)), new LogPositions(commits));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(NOT_OURS, e);
    }
  }
}
