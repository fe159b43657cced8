package dev.slipway.serving.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PredictionCacheTest {
  private static final CachePolicy UNBOUNDED =
      new CachePolicy(true, OptionalLong.empty(), Optional.empty());

  private static final CachePolicy BRIEF =
      new CachePolicy(true, OptionalLong.empty(), Optional.of(Duration.ofSeconds(10)));

  private final AtomicLong now = new AtomicLong();

  private static CacheKey key(long number) {
    return new CacheKey(number, 0, 0, 0);
  }

  private static List<Tensor> answer(int floats) {
    return List.of(Tensor.ofFloats("y", Shape.of(1, floats), new float[floats]));
  }

  private static CachePolicy share(long bytes) {
    return new CachePolicy(true, OptionalLong.of(bytes), Optional.empty());
  }

  @Test
  void boundOfAllModels_holdsWhateverIsPutIn() {
    PredictionCache cache = new PredictionCache(100_000, now::get);
    Random random = new Random(1);
    for (int i = 0; i < 5_000; i++) {
      String model = "m" + random.nextInt(3);
      cache.put(key(random.nextInt(1_000)), model, model, UNBOUNDED, answer(random.nextInt(500)));

      assertThat(cache.bytes()).isLessThanOrEqualTo(100_000);
    }

    CacheFigures figures = cache.figures("m0");
    assertThat(figures.evictions()).isPositive();
    assertThat(figures.entries()).isPositive();
    assertThat(figures.bytes()).isPositive();
  }

  @Test
  void shareOfAModel_holdsAndLeavesOthersAlone() {
    PredictionCache cache = new PredictionCache(1 << 20, now::get);
    cache.put(key(-1), "other", "other", UNBOUNDED, answer(10));
    for (int i = 0; i < 100; i++) {
      cache.put(key(i), "m", "m", share(5_000), answer(100));

      assertThat(cache.figures("m").bytes()).isLessThanOrEqualTo(5_000);
    }

    // Six of 800 bytes have room; the first came are the first to go.
    assertThat(cache.figures("m").entries()).isEqualTo(6);
    assertThat(cache.figures("m").evictions()).isEqualTo(94);
    assertThat(cache.find(key(99), UNBOUNDED)).isPresent();
    assertThat(cache.find(key(93), UNBOUNDED)).isEmpty();
    assertThat(cache.find(key(-1), UNBOUNDED)).isPresent();
  }

  @Test
  void shareOfAModel_holdsWhateverManyThreadsPutIn() throws Exception {
    PredictionCache cache = new PredictionCache(1 << 20, now::get);
    ExecutorService callers = Executors.newFixedThreadPool(4);
    List<Future<?>> ends = new ArrayList<>();
    for (int caller = 0; caller < 4; caller++) {
      long first = 10_000L * caller;
      ends.add(
          callers.submit(
              () -> {
                for (long i = first; i < first + 10_000; i++) {
                  cache.put(key(i), "m", "m", share(5_000), answer(100));
                }
              }));
    }
    for (Future<?> end : ends) {
      end.get(60, TimeUnit.SECONDS);
    }
    callers.shutdownNow();

    // Six of 800 bytes have room, and each of them is found.
    assertThat(cache.figures("m").entries()).isEqualTo(6);
    assertThat(cache.figures("m").bytes()).isEqualTo(4_800);
    assertThat(LongStream.range(0, 40_000).filter(i -> cache.find(key(i), UNBOUNDED).isPresent()))
        .hasSize(6);
  }

  @Test
  void sameKeyAgain_replacesAndIsCountedOnce() {
    PredictionCache cache = new PredictionCache(1 << 20, now::get);
    cache.put(key(1), "m", "m", share(5_000), answer(1));
    cache.put(key(1), "m", "m", share(5_000), answer(7));

    assertThat(cache.find(key(1), UNBOUNDED).orElseThrow().get(0).elementCount()).isEqualTo(7);
    assertThat(cache.figures("m").entries()).isEqualTo(1);
    assertThat(cache.figures("m").bytes()).isEqualTo(428);
    assertThat(cache.figures("m").evictions()).isZero();
  }

  @Test
  void answerThatIsOlderThanItsTime_isNotFound() {
    PredictionCache cache = new PredictionCache(1 << 20, now::get);
    cache.put(key(1), "m", "m", BRIEF, answer(1));
    cache.put(key(2), "m", "m", UNBOUNDED, answer(1));

    now.addAndGet(Duration.ofSeconds(9).toNanos());
    assertThat(cache.find(key(1), UNBOUNDED)).isPresent();
    now.addAndGet(Duration.ofSeconds(2).toNanos());

    assertThat(cache.find(key(1), UNBOUNDED)).isEmpty();
    assertThat(cache.find(key(2), UNBOUNDED)).isPresent();
  }

  @Test
  void answerInPlaceOfAnother_livesItsOwnTime() {
    PredictionCache cache = new PredictionCache(1 << 20, now::get);
    cache.put(key(1), "m", "m", BRIEF, answer(1));
    cache.put(key(2), "m", "m", UNBOUNDED, answer(1));
    cache.put(key(2), "m", "m", BRIEF, answer(1));

    now.addAndGet(Duration.ofSeconds(9).toNanos());
    cache.put(key(1), "m", "m", BRIEF, answer(1));
    now.addAndGet(Duration.ofSeconds(2).toNanos());

    assertThat(cache.find(key(1), UNBOUNDED)).isPresent();
    assertThat(cache.find(key(2), UNBOUNDED)).isEmpty();
  }

  @Test
  void timeThatWasShortened_holdsForWhatIsKeptAlready() {
    PredictionCache cache = new PredictionCache(1 << 20, now::get);
    cache.put(key(1), "m", "m", UNBOUNDED, answer(1));

    now.addAndGet(Duration.ofSeconds(9).toNanos());
    assertThat(cache.find(key(1), BRIEF)).isPresent();
    now.addAndGet(Duration.ofSeconds(2).toNanos());

    assertThat(cache.find(key(1), BRIEF)).isEmpty();
    assertThat(cache.bytes()).isZero();
  }

  @Test
  void shareThatWasLowered_holdsAtOnce() {
    PredictionCache cache = new PredictionCache(1 << 20, now::get);
    for (int i = 0; i < 10; i++) {
      cache.put(key(i), "m", "m", UNBOUNDED, answer(100));
    }

    cache.bound("m", share(1_700));

    assertThat(cache.figures("m").entries()).isEqualTo(2);
    assertThat(cache.figures("m").evictions()).isEqualTo(8);
    assertThat(cache.find(key(9), UNBOUNDED)).isPresent();
    assertThat(cache.find(key(7), UNBOUNDED)).isEmpty();
  }

  @Test
  void answerThatIsLargerThanTheBound_isNotKept() {
    PredictionCache cache = new PredictionCache(1 << 20, now::get);

    cache.put(key(1), "m", "m", share(1_000), answer(1_000));

    assertThat(cache.find(key(1), UNBOUNDED)).isEmpty();
    assertThat(cache.bytes()).isZero();
  }

  @Test
  void figuresOfPackagesThatAreGone_areForgottenWithTheirAnswers() {
    PredictionCache cache = new PredictionCache(1 << 20, now::get);
    cache.put(key(1), "m", "gone", BRIEF, answer(1));
    cache.put(key(2), "m", "loaded", BRIEF, answer(1));
    CacheFigures gone = cache.figures("gone");
    CacheFigures loaded = cache.figures("loaded");

    cache.retain(model -> false, "loaded"::equals);
    assertThat(cache.figures("gone")).isSameAs(gone);
    now.addAndGet(Duration.ofSeconds(11).toNanos());
    assertThat(cache.find(key(1), BRIEF)).isEmpty();
    assertThat(cache.find(key(2), BRIEF)).isEmpty();
    cache.retain(model -> false, "loaded"::equals);

    assertThat(cache.figures("gone")).isNotSameAs(gone);
    assertThat(cache.figures("loaded")).isSameAs(loaded);
  }

  private static CacheKeys keys(String digest, List<String> outputs, Map<String, Object> given) {
    return new CacheKeys(digest, outputs, given);
  }

  @Test
  void whateverAnAnswerDependsOn_isPartOfItsKey() {
    Tensor x = Tensor.ofFloats("x", Shape.of(2, 1), 1, 2);
    CacheKey key = keys("d", List.of("y"), Map.of("p", 1L)).ofRequest(List.of(x));

    assertThat(keys("d", List.of("y"), Map.of("p", 1L)).ofRequest(List.of(x))).isEqualTo(key);
    assertThat(
            List.of(
                keys("e", List.of("y"), Map.of("p", 1L)).ofRequest(List.of(x)),
                keys("d", List.of("y", "z"), Map.of("p", 1L)).ofRequest(List.of(x)),
                keys("d", List.of("z"), Map.of("p", 1L)).ofRequest(List.of(x)),
                keys("d", List.of("y"), Map.of("p", 2L)).ofRequest(List.of(x)),
                keys("d", List.of("y"), Map.of("q", 1L)).ofRequest(List.of(x)),
                keys("d", List.of("y"), Map.of("p", "1")).ofRequest(List.of(x)),
                keys("d", List.of("y"), Map.of("p", List.of(1L))).ofRequest(List.of(x)),
                keys("d", List.of("y"), Map.of()).ofRequest(List.of(x)),
                keys("d", List.of("y"), Map.of("p", 1L)).ofRequest(List.of(x.withName("w"))),
                keys("d", List.of("y"), Map.of("p", 1L))
                    .ofRequest(List.of(x.withShape(Shape.of(1, 2)))),
                keys("d", List.of("y"), Map.of("p", 1L))
                    .ofRequest(List.of(Tensor.ofFloats("x", Shape.of(2, 1), 1, -2))),
                keys("d", List.of("y"), Map.of("p", 1L))
                    .ofRequest(
                        List.of(
                            Tensor.of(
                                "x",
                                dev.slipway.engine.tensor.DataType.INT32,
                                x.shape(),
                                x.data())))))
        .doesNotContain(key)
        .doesNotHaveDuplicates();
    assertThat(keys("d", List.of("y"), Map.of("p", -0.0)).ofRequest(List.of(x)))
        .isNotEqualTo(keys("d", List.of("y"), Map.of("p", 0.0)).ofRequest(List.of(x)));
  }

  @Test
  void keyOfARow_isTheSameInEveryRequestAndNotThatOfARequest() {
    Tensor text = Tensor.ofStrings("t", Shape.of(3), "a", "bc", "a");
    Tensor x = Tensor.ofFloats("x", Shape.of(3, 2), 1, 2, 3, 4, 1, 2);
    List<CacheKey> three = keys("d", List.of("y"), Map.of()).ofRows(List.of(text, x), 3);
    List<Tensor> second =
        List.of(
            Tensor.ofStrings("t", Shape.of(1), "bc"), Tensor.ofFloats("x", Shape.of(1, 2), 3, 4));

    assertThat(three.get(0)).isEqualTo(three.get(2)).isNotEqualTo(three.get(1));
    assertThat(keys("d", List.of("y"), Map.of()).ofRows(second, 1)).containsExactly(three.get(1));
    assertThat(keys("d", List.of("y"), Map.of()).ofRequest(second)).isNotEqualTo(three.get(1));
  }
}
