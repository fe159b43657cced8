package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.MetricQueue.Offer;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class MetricQueueTest {
  private static final long NEVER = Duration.ofHours(1).toNanos();

  private final MetricQueue queue =
      new MetricQueue(
          MetricStreamOptions.defaults().withMaxLogWait(Duration.ZERO),
          OptionalLong.of(1),
          new Wakeup());

  private void cutAll() {
    long due = 0;
    while (due == 0) {
      due = queue.cutToKeep(System.nanoTime(), NEVER);
    }
  }

  @Test
  void cut_memoryFullOfBatchesThatNobodyTakes_doesNotCutPointByPoint() {
    int points = 0;
    while (queue.offer("loss", points, points, 0) == Offer.TAKEN) {
      points++;
      cutAll();
    }

    assertThat(queue.crowded()).isTrue();
    assertThat(queue.batches().size()).isLessThanOrEqualTo(1 + points / 5_000);
  }

  @Test
  @Timeout(60)
  void offer_besideCutsAndAcknowledgements_losesAndRepeatsNothing() throws Exception {
    int points = 200_000;
    AtomicBoolean done = new AtomicBoolean();
    Thread logger =
        new Thread(
            () -> {
              for (int i = 0; i < points; i++) {
                assertThat(queue.offer("loss", i, i, 0)).isEqualTo(Offer.TAKEN);
              }
              done.set(true);
            });
    logger.start();
    long seq = 0;
    int next = 0;
    while (next < points) {
      if (done.get()) {
        long unused = queue.flush();
      }
      cutAll();
      for (var batch = queue.after(seq); batch.isPresent(); batch = queue.after(seq)) {
        assertThat(batch.get().getSeq()).isEqualTo(++seq);
        for (double value : batch.get().getValueList()) {
          assertThat(value).isEqualTo(next++);
        }
        queue.acknowledged(seq, batch.get().getValueCount());
      }
    }
    logger.join();

    assertThat(queue.counts().inMemory()).isZero();
    assertThat(queue.counts().acknowledged()).isEqualTo(points);
  }
}
