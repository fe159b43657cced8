package dev.slipway.serving.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.cache.CacheKey;
import dev.slipway.serving.cache.CachePolicy;
import dev.slipway.serving.cache.PredictionCache;
import dev.slipway.serving.cache.SharedAnswers;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.Execution.Answer;
import dev.slipway.serving.execution.Execution.Timings;
import dev.slipway.serving.execution.QueueFullException;
import dev.slipway.serving.inference.CachedPredictions.Lookup;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.TestVersions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What becomes of requests that wait for each other; the test is the engine. */
class SharedComputationsTest {
  private final LoadedModel model = new TestVersions().load(TestVersions.version(1, "digest"));
  private final PredictionCache cache = new PredictionCache(1 << 20);
  private final Others others = new Others();
  private final CachedPredictions cached = new CachedPredictions(cache, others, Clock.systemUTC());

  /** Calls that were made, in order. */
  private final List<Call> calls = new ArrayList<>();

  private int maxFollowers = 10;

  /** Other servers, which have one answer to every row, or none. */
  private static final class Others implements SharedAnswers {
    private Optional<Tensor> answer = Optional.empty();
    private boolean fail;

    @Override
    public CompletableFuture<Map<CacheKey, Found>> find(List<CacheKey> keys) {
      if (fail) {
        return CompletableFuture.failedFuture(new IllegalStateException("the others failed"));
      }
      Map<CacheKey, Found> all = new HashMap<>();
      answer.ifPresent(
          y -> keys.forEach(key -> all.put(key, new Found(List.of(y), Duration.ZERO))));
      return CompletableFuture.completedFuture(all);
    }

    @Override
    public void put(Map<CacheKey, List<Tensor>> answers, Optional<Duration> timeToLive) {}
  }

  /** What the engine is asked. */
  private static final class Call {
    private final float[] rows;
    private final Execution.Receiver receiver;

    Call(float[] rows, Execution.Receiver receiver) {
      this.rows = rows;
      this.receiver = receiver;
    }

    void answer() {
      float[] y = rows.clone();
      for (int i = 0; i < y.length; i++) {
        y[i] += 10;
      }
      answer(y);
    }

    void answer(float... y) {
      receiver.answered(
          new Answer(
              List.of(Tensor.ofFloats("y", Shape.of(y.length), y)),
              rows.length,
              new Timings(0, 0, 0)));
    }

    void fail() {
      receiver.failed(new IllegalStateException("the engine failed"));
    }
  }

  /** What a caller is told. */
  private static class Caller implements CachedPredictions.Receiver {
    private final List<float[]> answers = new ArrayList<>();
    private final List<RuntimeException> failures = new ArrayList<>();

    @Override
    public void answered(Answer answer, Lookup lookup) {
      answers.add(answer.outputs().get(0).toFloats());
    }

    @Override
    public void failed(RuntimeException failure) {
      failures.add(failure);
    }

    void assertAnswered(float... y) {
      assertThat(failures).isEmpty();
      assertThat(answers).hasSize(1);
      assertThat(answers.get(0)).containsExactly(y);
    }
  }

  private Caller ask(boolean force, EngineCall engine, Caller caller, float... x) {
    cached.predict(
        new CachedPredictions.Request(
            model,
            "m",
            new CachePolicy(true, OptionalLong.empty(), Optional.empty()),
            List.of(Tensor.ofFloats("x", Shape.of(x.length), x)),
            List.of("y"),
            Map.of(),
            force,
            maxFollowers,
            System.nanoTime(),
            engine),
        caller);
    return caller;
  }

  private void compute(List<Tensor> inputs, Execution.Receiver receiver) {
    calls.add(new Call(inputs.get(0).toFloats(), receiver));
  }

  private Caller ask(float... x) {
    return ask(false, this::compute, new Caller(), x);
  }

  @Test
  void answerOfOthers_isTakenOnlyAsTheModelDeclaresIt() {
    others.answer = Optional.of(Tensor.ofDoubles("y", Shape.of(1), 5));
    Caller first = ask(1);
    calls.get(0).answer();
    first.assertAnswered(11);

    others.answer = Optional.of(Tensor.ofFloats("y", Shape.of(1, 1), 5));
    Caller second = ask(2);
    calls.get(1).answer();
    second.assertAnswered(12);

    others.answer = Optional.of(Tensor.ofFloats("y", Shape.of(1), 5));
    ask(3).assertAnswered(5);
    assertThat(calls).hasSize(2);
  }

  @Test
  void othersThatFail_areAsIfTheyHadNothing() {
    others.fail = true;
    Caller caller = ask(1);
    calls.get(0).answer();
    caller.assertAnswered(11);
  }

  @Test
  void errorThatEndsTheLastTry_reachesTheCaller() {
    ask(1);
    // The first of them to try again computes for both; the other one then tries by itself.
    EngineCall once =
        (inputs, receiver) -> {
          if (calls.size() > 1) {
            throw new OutOfMemoryError("no room for the last try");
          }
          compute(inputs, receiver);
        };
    Caller second = ask(false, once, new Caller(), 1);
    Caller third = ask(false, once, new Caller(), 1);

    calls.get(0).fail();
    assertThat(calls).hasSize(2);
    calls.get(1).fail();

    assertThat(second.failures).hasSize(1);
    assertThat(third.failures).hasSize(1);
    assertThat(List.of(second.failures.get(0), third.failures.get(0)))
        .filteredOn(failure -> failure.getCause() instanceof OutOfMemoryError)
        .hasSize(1);
  }

  @Test
  void errorWhileAnAnswerIsPutTogether_reachesTheCaller() {
    ask(1);
    Caller broken =
        ask(
            false,
            this::compute,
            new Caller() {
              @Override
              public void answered(Answer answer, Lookup lookup) {
                throw new OutOfMemoryError("no room for the answer");
              }
            },
            1);

    calls.get(0).answer();

    assertThat(broken.failures).hasSize(1);
  }

  @Test
  void errorWhileARequestBegins_leavesNobodyWaiting() {
    ask(
        false,
        (inputs, receiver) -> {
          throw new OutOfMemoryError("no room to begin");
        },
        new Caller(),
        1);

    Caller next = ask(1);

    calls.get(0).answer();
    next.assertAnswered(11);
  }

  @Test
  void answerWithoutARowForEachRow_isThatOfTheWholeRequestAlone() {
    Caller other = ask(1);
    Caller both = ask(1, 2, 2);
    // One row was to be computed for each of them.
    calls.get(1).answer(7, 7, 7);
    calls.get(0).answer();
    other.assertAnswered(11);

    assertThat(calls).hasSize(3);
    assertThat(calls.get(2).rows).containsExactly(1, 2, 2);
    calls.get(2).answer(42);

    both.assertAnswered(42);
    ask(1, 2, 2).assertAnswered(42);
  }

  @Test
  void forcedRequestThatFails_leavesTheOneOfAnotherInPlace() {
    Caller owner = ask(1);
    Caller follower = ask(1);
    Caller forced = ask(true, this::compute, new Caller(), 1);

    calls.get(1).fail();
    Caller late = ask(1);

    assertThat(forced.failures).hasSize(1);
    assertThat(calls).hasSize(2);
    calls.get(0).answer();
    owner.assertAnswered(11);
    follower.assertAnswered(11);
    late.assertAnswered(11);
  }

  @Test
  void equalRowsOfARequest_takeNoRoomFromOthers() {
    maxFollowers = 1;
    Caller owner = ask(1, 1, 1, 1);
    Caller follower = ask(1, 1, 1);

    calls.get(0).answer();

    owner.assertAnswered(11, 11, 11, 11);
    follower.assertAnswered(11, 11, 11);
  }

  @Test
  void requestsThatWaitForOthers_areBoundedTogetherUntilTheyAreAnswered() {
    maxFollowers = 1;
    ask(1);
    ask(2);
    Caller follower = ask(1);
    Caller refused = ask(2, 3);

    assertThat(refused.failures.get(0)).isInstanceOf(QueueFullException.class);
    calls.get(0).answer();
    follower.assertAnswered(11);

    Caller admitted = ask(2);
    Caller free = ask(3);
    calls.get(1).answer();
    calls.get(2).answer();
    admitted.assertAnswered(12);
    free.assertAnswered(13);
  }
}
