package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PointBufferTest {
  @Test
  void take_moreNamesThanABatchMayHave_leavesTheRest() {
    PointBuffer buffer = new PointBuffer();
    for (int i = 0; i < 10_001; i++) {
      buffer.add("m" + i, i, 0, 0);
      buffer.add("m0", i, 1, 0);
    }

    assertThat(buffer.take(50_000, 1).getNamesCount()).isEqualTo(10_000);
    assertThat(buffer.size()).isEqualTo(2);
    assertThat(buffer.take(50_000, 2).getNamesList()).containsExactly("m10000", "m0");
    assertThat(buffer.size()).isZero();
  }

  @Test
  void take_morePointsThanAskedFor_leavesTheRest() {
    PointBuffer buffer = new PointBuffer();
    for (int i = 0; i < 1_000; i++) {
      buffer.add("m", i, i, 0);
    }

    assertThat(buffer.take(999, 1).getValueCount()).isEqualTo(999);
    assertThat(buffer.take(999, 2).getValueList()).containsExactly(999.0);
  }
}
