package dev.slipway.serving.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SelectorTest {
  @Test
  void ofSlot_readsEveryForm() {
    assertThat(Selector.ofSlot("")).isEqualTo(Selector.PRODUCTION);
    assertThat(Selector.ofSlot("12")).isEqualTo(new Selector.Numbered(12));
    assertThat(Selector.ofSlot("007")).isEqualTo(new Selector.Numbered(7));
    assertThat(Selector.ofSlot("STAGING")).isEqualTo(new Selector.InStage(Stage.STAGING));
    assertThat(Selector.ofSlot("Latest")).isEqualTo(new Selector.Latest());
    assertThat(Selector.ofSlot("champion")).isEqualTo(new Selector.Aliased("champion"));
    assertThat(Selector.ofSlot("-1")).isEqualTo(new Selector.Aliased("-1"));
    assertThat(Selector.ofSlot("1.0")).isEqualTo(new Selector.Aliased("1.0"));
  }

  @Test
  void ofSlot_numberThatNoVersionHas_isRefused() {
    assertThatThrownBy(() -> Selector.ofSlot("0")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Selector.ofSlot("99999999999999999999"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
