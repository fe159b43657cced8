package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ServerReadyRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.model.StagePattern;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.ListModelsRequest;
import dev.slipway.serving.v1.Residence;
import dev.slipway.serving.v1.ServedModel;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.VersionState;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers that keep the versions of some models and stages loaded, and no others. */
class LazyStagesTest {
  @TempDir Path folder;

  private final AtomicInteger loads = new AtomicInteger();
  private ServingHarness harness;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder, LazyStagesTest::keepSome);
    ScriptedEngine.LOAD_HOOKS.put("lazy", loads::incrementAndGet);
  }

  private static ServingConfig keepSome(ServingConfig config) {
    return new ServingConfig(
        config.cacheFolder(),
        Stream.of("kept-*", "half@production").map(StagePattern::parse).toList(),
        config.limits(),
        config.keep(),
        config.loads(),
        config.idleBufferBytes(),
        config.cacheBytes(),
        config.python());
  }

  @AfterEach
  void stop() {
    harness.close();
    ScriptedEngine.LOAD_HOOKS.clear();
  }

  private ServedModel model(String name) {
    return harness
        .serving()
        .listModels(ListModelsRequest.newBuilder().setNamePattern(name).build())
        .getModels(0);
  }

  /** Waits, since a stage is answered a moment before its version is pinned. */
  private void awaitPinned(String model, long version) {
    ServingHarness.await(
        () ->
            model(model).getVersionsList().stream()
                .anyMatch(
                    served ->
                        served.getVersion() == version
                            && served.getResidence() == Residence.RESIDENCE_PINNED));
  }

  private boolean serverReady() {
    return harness.inference().serverReady(ServerReadyRequest.getDefaultInstance()).getReady();
  }

  private ModelInferResponse ask(String model, String slot) {
    return harness.inference().modelInfer(ServingHarness.ask(model, slot, 1f));
  }

  @Test
  void productionOfAModelThatNoPatternNames_isLoadedByTheFirstWhoAsks() {
    harness.addScripted("m", 10, "lazy", Stage.STAGE_PRODUCTION);
    harness.addScripted("kept-m", 20, "none", Stage.STAGE_PRODUCTION);
    harness.awaitReady();

    assertThat(serverReady()).isTrue();
    assertThat(loads).hasValue(0);
    assertThat(model("m").getFollowed()).isFalse();
    assertThat(model("kept-m").getFollowed()).isTrue();
    awaitPinned("kept-m", 1);

    assertThat(ServingHarness.y(ask("m", ""))).isEqualTo(11f);
    assertThat(ServingHarness.y(ask("m", ""))).isEqualTo(11f);
    assertThat(loads).hasValue(1);
    ServedVersion loaded = model("m").getVersions(0);
    assertThat(loaded.getState()).isEqualTo(VersionState.VERSION_STATE_READY);
    assertThat(loaded.getResidence()).isEqualTo(Residence.RESIDENCE_ON_DEMAND);
    assertThat(loaded.getAnswersStage()).isFalse();
  }

  @Test
  void promotionOfAModelThatNoPatternNames_loadsTheNewVersionForTheFirstWhoAsks() {
    harness.addScripted("m", 10, "lazy", Stage.STAGE_PRODUCTION);
    harness.awaitRevision();
    assertThat(ask("m", "").getModelVersion()).isEqualTo("1");

    harness.addScripted("m", 20, "lazy", Stage.STAGE_PRODUCTION);
    harness.awaitRevision();

    assertThat(loads).hasValue(1);
    assertThat(ask("m", "").getModelVersion()).isEqualTo("2");
    assertThat(ask("m", "production").getModelVersion()).isEqualTo("2");
    assertThat(loads).hasValue(2);
  }

  @Test
  void patternOfOneStage_keepsThatStageAlone() {
    long staging = harness.addScripted("half", 10, "lazy", Stage.STAGE_STAGING);
    long production = harness.addScripted("half", 20, "none", Stage.STAGE_PRODUCTION);
    harness.awaitReady();

    assertThat(loads).hasValue(0);
    assertThat(model("half").getFollowed()).isTrue();
    assertThat(model("half").getVersionsList())
        .filteredOn(version -> version.getState() == VersionState.VERSION_STATE_READY)
        .extracting(ServedVersion::getVersion)
        .containsExactly(production);

    assertThat(ask("half", "staging").getModelVersion()).isEqualTo(Long.toString(staging));
    assertThat(loads).hasValue(1);

    harness.registry.move("half", staging, Stage.STAGE_PRODUCTION);
    harness.awaitProduction("half", staging);
    assertThat(loads).hasValue(1);
    awaitPinned("half", staging);
  }
}
