package dev.slipway.engine.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ListingTest {
  @Test
  void fewShortItems_areListedWhole() {
    List<String> twenty = Collections.nCopies(20, "x".repeat(100));

    assertThat(Listing.of(List.of())).isEqualTo("[]");
    assertThat(Listing.of(List.of("a", "b"))).isEqualTo("[a, b]");
    assertThat(Listing.of(twenty)).isEqualTo(twenty.toString());
  }

  @Test
  void moreAndLongerItems_areCut() {
    assertThat(Listing.of(Collections.nCopies(23, "a")))
        .isEqualTo(Collections.nCopies(20, "a") + " and 3 more");
    assertThat(Listing.of(List.of("x".repeat(101)))).isEqualTo("[" + "x".repeat(100) + "...]");
  }
}
