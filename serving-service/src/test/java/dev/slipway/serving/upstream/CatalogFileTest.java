package dev.slipway.serving.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.ModelSettings;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.ServingPolicy;
import dev.slipway.serving.catalog.ServingSetting;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.TrafficRule.AbortPolicy;
import dev.slipway.serving.catalog.TrafficRule.Canary;
import dev.slipway.serving.catalog.TrafficRule.Shadow;
import dev.slipway.serving.catalog.VersionKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogFileTest {
  private static final ModelSettings SETTINGS =
      new ModelSettings(
          Map.of(
              ServingSetting.MAX_QUEUED,
              7L,
              ServingSetting.BATCHING,
              false,
              ServingSetting.TIME_TO_LIVE,
              Duration.ofNanos(1_500_000_001),
              ServingSetting.GRANULARITY,
              ServingSetting.Granularity.REQUEST));
  private static final TrafficRule RULE =
      new TrafficRule(
          Optional.of(new Canary(new Selector.Aliased("next"), 0.25)),
          Optional.of(new Shadow(new Selector.Latest(), 1, 1e-6, 0.5)),
          Optional.empty(),
          Optional.of(new AbortPolicy(10, Duration.ofSeconds(90), 0.1, 0.2, 3)),
          "ab".repeat(16),
          Optional.of(Instant.parse("2026-02-03T04:05:06.789Z")),
          41,
          Instant.parse("2026-01-02T03:04:00Z"),
          "it failed");
  private static final Instant HEARD = Instant.parse("2026-01-02T03:04:05.678Z");

  @TempDir Path folder;

  private final Catalog known = new Catalog();
  private Path file;

  @BeforeEach
  void fill() {
    file = folder.resolve(CatalogFile.FILE_NAME);
    CatalogVersion first =
        new CatalogVersion(
            new VersionKey("m", 1),
            Stage.ARCHIVED,
            CatalogVersion.Readiness.FAILED,
            List.of(),
            "",
            "",
            "file:/x",
            "",
            Instant.EPOCH);
    CatalogVersion second =
        new CatalogVersion(
            new VersionKey("m", 2),
            Stage.PRODUCTION,
            CatalogVersion.Readiness.READY,
            List.of("a", "b"),
            "d".repeat(64),
            "r".repeat(32),
            "mlflow-artifacts:/x",
            "text \u00e4",
            HEARD.minusSeconds(5));
    CatalogVersion staged =
        new CatalogVersion(
            new VersionKey("n", 7),
            Stage.STAGING,
            CatalogVersion.Readiness.PENDING,
            List.of(),
            "",
            "",
            "",
            "",
            Instant.EPOCH);
    known.reset(
        42,
        List.of(
            CatalogModel.of(
                "m",
                new ServingPolicy(SETTINGS, Map.of(Stage.PRODUCTION, RULE)),
                List.of(first, second)),
            CatalogModel.of("n", List.of(staged)),
            CatalogModel.of("empty", List.of())));
    known.heard(HEARD);
  }

  private Catalog restored() {
    Catalog catalog = new Catalog();
    new CatalogFile(folder, catalog).restore();
    return catalog;
  }

  @Test
  void restored_isWhatWasSaved() {
    new CatalogFile(folder, known).save();

    Catalog catalog = new Catalog();
    Set<String> told = new HashSet<>();
    catalog.onChange(told::addAll);
    new CatalogFile(folder, catalog).restore();

    assertThat(catalog.isKnown()).isTrue();
    assertThat(catalog.revision()).isEqualTo(42);
    assertThat(catalog.heardTime()).contains(HEARD);
    assertThat(catalog.names()).containsExactly("empty", "m", "n");
    assertThat(catalog.get("m").policy()).isEqualTo(known.get("m").policy());
    assertThat(catalog.get("n").policy()).isEqualTo(ServingPolicy.NONE);
    for (String name : catalog.names()) {
      assertThat(List.copyOf(catalog.get(name).versions()))
          .isEqualTo(List.copyOf(known.get(name).versions()));
    }
    assertThat(told).containsExactlyInAnyOrder("empty", "m", "n");
  }

  @Test
  void registryHeardMeanwhile_isNotOverruled() {
    new CatalogFile(folder, known).save();
    Catalog catalog = new Catalog();
    catalog.reset(7, List.of());
    catalog.heard(HEARD.plusSeconds(1));

    new CatalogFile(folder, catalog).restore();

    assertThat(catalog.revision()).isEqualTo(7);
    assertThat(catalog.heardTime()).contains(HEARD.plusSeconds(1));
  }

  @Test
  void registryNeverHeard_nothingIsSavedAndNothingRestored() {
    new CatalogFile(folder, new Catalog()).save();

    assertThat(file).doesNotExist();
    assertThat(restored().isKnown()).isFalse();
  }

  @Test
  void damagedFile_isPassedOverWhereverTheDamageIs() throws IOException {
    new CatalogFile(folder, known).save();
    byte[] good = Files.readAllBytes(file);
    for (int i = 0; i < good.length; i += i < 24 ? 1 : 41) {
      byte[] damaged = good.clone();
      damaged[i] ^= 1;
      Files.write(file, damaged);
      assertThat(restored().isKnown()).as("byte %d", i).isFalse();
      Files.write(file, Arrays.copyOf(good, i));
      assertThat(restored().isKnown()).as("cut to %d", i).isFalse();
    }
    Files.write(file, good);
    assertThat(restored().isKnown()).isTrue();
  }

  @Test
  void save_writesOnlyNews() throws IOException {
    CatalogFile kept = new CatalogFile(folder, known);
    kept.save();
    Files.delete(file);
    known.heard(HEARD.plusSeconds(59));
    kept.save();
    assertThat(file).doesNotExist();

    known.heard(HEARD.plusSeconds(61));
    kept.save();
    assertThat(restored().heardTime()).contains(HEARD.plusSeconds(61));

    known.advance(43);
    kept.save();
    assertThat(restored().revision()).isEqualTo(43);
    assertThat(folder.toFile().list()).containsExactly(CatalogFile.FILE_NAME);
  }
}
