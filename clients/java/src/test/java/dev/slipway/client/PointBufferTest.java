package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.QueuedBatches.QueuedBatch;
import java.util.List;
import org.junit.jupiter.api.Test;

class PointBufferTest {
  @Test
  void batches_moreNamesThanABatchMayHave_goOnInTheNext() {
    PointBuffer buffer = new PointBuffer(50_000);
    for (int i = 0; i < 10_001; i++) {
      buffer.add("m" + i, i, 0, 0);
      buffer.add("m0", i, 1, 0);
    }

    List<QueuedBatch> batches = buffer.take().batches(7);

    assertThat(batches).extracting(queued -> queued.batch().getSeq()).containsExactly(7L, 8L);
    assertThat(batches.get(0).batch().getNamesCount()).isEqualTo(10_000);
    assertThat(batches.get(0).batch().getValueCount()).isEqualTo(20_000);
    assertThat(batches.get(1).batch().getNamesList()).containsExactly("m10000", "m0");
    assertThat(buffer.size()).isZero();
    assertThat(buffer.bytes()).isZero();
  }

  @Test
  void take_morePointsThanABlockMayHave_leavesTheRest() {
    PointBuffer buffer = new PointBuffer(999);
    for (int i = 0; i < 1_000; i++) {
      buffer.add("m", i, i, 0);
    }

    assertThat(buffer.take().size()).isEqualTo(999);
    assertThat(buffer.take().batches(1)).singleElement().matches(PointBufferTest::isLastPoint);
  }

  private static boolean isLastPoint(QueuedBatch queued) {
    return queued.batch().getValueList().equals(List.of(999.0));
  }
}
