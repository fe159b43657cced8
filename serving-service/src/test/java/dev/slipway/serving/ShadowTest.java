package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.GetTrafficRuleRequest;
import dev.slipway.serving.v1.SetTrafficRuleRequest;
import dev.slipway.serving.v1.Shadow;
import dev.slipway.serving.v1.TrafficFigures;
import dev.slipway.serving.v1.TrafficRule;
import dev.slipway.serving.v1.VersionSelector;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shadows are asked, compared and counted, and callers never notice. */
class ShadowTest {
  /** Copies that may wait, and the one that runs. */
  private static final int ROOM = 257;

  @TempDir Path folder;

  private final String hook = UUID.randomUUID().toString();
  private final CountDownLatch release = new CountDownLatch(1);
  private ServingHarness harness;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder);
    harness.addScripted("m", 1, "", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
  }

  @AfterEach
  void stop() {
    release.countDown();
    ScriptedEngine.HOOKS.remove(hook);
    harness.close();
  }

  /** Shadows a version that adds this much, and waits until it is asked. */
  private TrafficFigures follow(double add, double tolerance) {
    harness.addScripted("m", add, hook, Stage.STAGE_NONE);
    Shadow.Builder shadow =
        Shadow.newBuilder()
            .setSelector(VersionSelector.newBuilder().setVersion(2))
            .setSampleRate(1)
            .setAbsoluteTolerance(tolerance);
    SetTrafficRuleRequest rule =
        SetTrafficRuleRequest.newBuilder()
            .setRule(TrafficRule.newBuilder().setModel("m").setShadow(shadow))
            .build();
    ServingHarness.await(() -> harness.serving().setTrafficRule(rule).getRevision() > 0);
    ServingHarness.await(
        () -> {
          ask();
          return figures().getShadowRequests() > 0;
        });
    return settled();
  }

  private void hook(UnaryOperator<PredictRequest> step) {
    ScriptedEngine.HOOKS.put(hook, step);
  }

  private void ask() {
    assertThat(ServingHarness.y(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f))))
        .isEqualTo(2f);
  }

  private void ask(int times) {
    for (int i = 0; i < times; i++) {
      ask();
    }
  }

  private TrafficFigures figures() {
    return harness
        .serving()
        .getTrafficRule(GetTrafficRuleRequest.newBuilder().setModel("m").build())
        .getFigures();
  }

  /** Waits until every copy has come to its end; a request is counted before it is answered. */
  private TrafficFigures settled() {
    ServingHarness.await(
        () -> {
          TrafficFigures now = figures();
          return now.getShadowComparisons() + now.getShadowErrors() == now.getShadowRequests();
        });
    return figures();
  }

  @Test
  void answersThatDiffer_areCountedAndNeverReturned() {
    TrafficFigures before = follow(5, 0);

    ask(10);

    TrafficFigures after = settled();
    assertThat(after.getShadowRequests() - before.getShadowRequests()).isEqualTo(10);
    assertThat(after.getShadowMismatches() - before.getShadowMismatches()).isEqualTo(10);
    assertThat(after.getShadowErrors()).isZero();
    assertThat(after.getPrimaryErrors()).isZero();
  }

  @Test
  void answersWithinTheTolerance_areEqual() {
    TrafficFigures before = follow(1.5, 0.5);

    ask(10);

    TrafficFigures after = settled();
    assertThat(after.getShadowComparisons() - before.getShadowComparisons()).isEqualTo(10);
    assertThat(after.getShadowMismatches()).isZero();
  }

  @Test
  void shadowThatFails_costsCallersNothing() {
    TrafficFigures before = follow(1, 0);
    hook(
        request -> {
          throw new PredictionException("bad luck");
        });

    ask(10);

    TrafficFigures after = settled();
    assertThat(after.getShadowErrors() - before.getShadowErrors()).isEqualTo(10);
    assertThat(after.getShadowDrops()).isZero();
    assertThat(after.getPrimaryErrors()).isZero();
  }

  @Test
  void shadowThatHangs_delaysNobodyAndDropsWhatIsTooMuch() {
    TrafficFigures before = follow(1, 0);
    hook(
        request -> {
          await(release);
          return request;
        });

    ask(ROOM + 20);

    ServingHarness.await(() -> figures().getShadowDrops() >= 20);
    assertThat(figures().getShadowComparisons()).isEqualTo(before.getShadowComparisons());
    release.countDown();
    TrafficFigures after = settled();
    // The one that hangs is taken out of the queue a moment after it came.
    assertThat(after.getShadowDrops()).isBetween(20L, 21L);
    assertThat(after.getShadowMismatches()).isZero();
  }

  @Test
  void copies_runOneAtATime() {
    TrafficFigures before = follow(1, 0);
    AtomicInteger begun = new AtomicInteger();
    hook(
        request -> {
          begun.incrementAndGet();
          await(release);
          return request;
        });

    ask(100);

    ServingHarness.await(() -> begun.get() > 0);
    assertThat(begun).as("the others wait for the one that is held").hasValue(1);
    release.countDown();
    assertThat(settled().getShadowComparisons() - before.getShadowComparisons()).isEqualTo(100);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
