package dev.slipway.runtime.paging;

import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Says which page of a list is wanted.
 *
 * @param size how many items at most, from 1
 * @param token where to continue; absent for the first page
 * @param fingerprint canonical text of the query that the token belongs to
 */
public record PageRequest(int size, Optional<PageToken> token, String fingerprint) {
  /**
   * Reads the paging fields of a request, noting what is wrong with them under {@code page_size}
   * and {@code page_token}.
   *
   * @param pageSize 0 for {@code defaultSize}; above {@code maxSize} it is lowered to it; negative
   *     is a violation
   * @param fingerprint everything else of the request that changes the list: a token of another
   *     query is a violation
   */
  public static PageRequest of(
      int pageSize,
      String pageToken,
      int defaultSize,
      int maxSize,
      String fingerprint,
      Violations violations) {
    if (pageSize < 0) {
      violations.add(
          "page_size",
          "is " + pageSize + "; must be 0 (the default of " + defaultSize + ") or more");
    }
    int size = pageSize <= 0 ? defaultSize : Math.min(pageSize, maxSize);
    Optional<PageToken> token =
        pageToken.isEmpty()
            ? Optional.empty()
            : violations.parse(
                "page_token", pageToken, text -> PageToken.decode(text, fingerprint));
    return new PageRequest(size, token, fingerprint);
  }

  /**
   * Returns where to continue, read from the token's keys; empty for the first page.
   *
   * @param decode reads the keys; whatever it throws says that the keys are none of this list
   * @throws InvalidRequestException on {@code page_token} if the keys cannot be read: a checksum is
   *     no signature
   */
  public <K> Optional<K> after(Function<List<String>, K> decode) {
    try {
      return token.map(PageToken::keys).map(decode);
    } catch (RuntimeException e) {
      throw InvalidRequestException.of("page_token", PageToken.NOT_OURS);
    }
  }
}
