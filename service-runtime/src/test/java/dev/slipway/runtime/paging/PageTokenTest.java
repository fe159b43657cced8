package dev.slipway.runtime.paging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import java.util.List;
import org.junit.jupiter.api.Test;

class PageTokenTest {
  private static final String QUERY = "filter=a\norder=b";

  @Test
  void encode_thenDecode_givesTheSameKeys() {
    List<String> keys = List.of("", "10", "snow ☃", "x".repeat(10_000));

    String token = PageToken.encode(QUERY, keys);

    assertThat(token).matches("[A-Za-z0-9_-]+");
    assertThat(PageToken.decode(token, QUERY).keys()).isEqualTo(keys);
  }

  @Test
  void decode_tokenOfAnotherQuery_saysSo() {
    String token = PageToken.encode(QUERY, List.of("1"));

    assertThatThrownBy(() -> PageToken.decode(token, "filter=other"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("belongs to another query");
  }

  @Test
  void decode_everyTruncationAndEveryChangedCharacter_isRefused() {
    String token = PageToken.encode(QUERY, List.of("abc", "42"));

    for (int i = 0; i < token.length(); i++) {
      String shorter = token.substring(0, i);
      char other = token.charAt(i) == 'A' ? 'B' : 'A';
      String changed = token.substring(0, i) + other + token.substring(i + 1);
      assertThatThrownBy(() -> PageToken.decode(shorter, QUERY))
          .isInstanceOf(IllegalArgumentException.class);
      if (i < token.length() - 1) {
        // The last character has bits that base64 does not use.
        assertThatThrownBy(() -> PageToken.decode(changed, QUERY))
            .as("character %d", i)
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void decode_keyWithNul_isRefused() {
    String token = PageToken.encode(QUERY, List.of("a\0b"));

    assertThatThrownBy(() -> PageToken.decode(token, QUERY))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void after_keysThatCannotBeRead_isAViolationOfThePageToken() {
    String forged = PageToken.encode(QUERY, List.of("no number"));
    PageRequest request = PageRequest.of(1, forged, 10, 100, QUERY, new Violations());

    assertThatThrownBy(() -> request.after(keys -> Long.parseLong(keys.get(0))))
        .isInstanceOfSatisfying(
            InvalidRequestException.class,
            e -> assertThat(e.violations()).extracting("field").containsExactly("page_token"));
  }

  @Test
  void pageRequest_badSizeAndBadToken_areBothReported() {
    Violations violations = new Violations();

    PageRequest.of(-1, "???", 10, 100, QUERY, violations);

    assertThatThrownBy(violations::throwIfAny)
        .isInstanceOfSatisfying(
            InvalidRequestException.class,
            e ->
                assertThat(e.violations())
                    .extracting("field")
                    .containsExactly("page_size", "page_token"));
  }

  @Test
  void pageRequest_zeroIsTheDefaultAndTooManyAreLowered() {
    Violations violations = new Violations();

    assertThat(PageRequest.of(0, "", 10, 100, QUERY, violations).size()).isEqualTo(10);
    assertThat(PageRequest.of(1000, "", 10, 100, QUERY, violations).size()).isEqualTo(100);
    violations.throwIfAny();
  }

  @Test
  void page_ofMoreRowsThanAskedFor_leavesTheExtraOutAndContinuesFromTheLastKept() {
    PageRequest request = PageRequest.of(2, "", 10, 100, QUERY, new Violations());

    Page<Integer> page = Page.of(List.of(1, 2, 3), request, i -> List.of(Integer.toString(i)));

    assertThat(page.items()).containsExactly(1, 2);
    assertThat(PageToken.decode(page.nextPageToken(), QUERY).keys()).containsExactly("2");
    assertThat(Page.of(List.of(1, 2), request, i -> List.of("" + i)).nextPageToken()).isEmpty();
  }
}
