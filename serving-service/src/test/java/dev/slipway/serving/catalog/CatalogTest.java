package dev.slipway.serving.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.serving.catalog.CatalogVersion.Readiness;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CatalogTest {
  private final Catalog catalog = new Catalog();

  private static CatalogVersion version(String model, long number, Stage stage, String... aliases) {
    return new CatalogVersion(
        new VersionKey(model, number),
        stage,
        Readiness.READY,
        List.of(aliases),
        "d",
        "",
        "",
        "",
        Instant.EPOCH);
  }

  @Test
  void beforeTheFirstSnapshot_everythingIsUnavailable() {
    assertThatThrownBy(() -> catalog.get("m")).isInstanceOf(RegistryNotReadyException.class);
    assertThatThrownBy(catalog::names).isInstanceOf(RegistryNotReadyException.class);
  }

  @Test
  void apply_changesOfOneEventAreSeenTogetherAndOnlyOnce() {
    List<Set<String>> told = new ArrayList<>();
    catalog.reset(
        5,
        List.of(
            CatalogModel.of(
                "m",
                List.of(version("m", 1, Stage.PRODUCTION, "a"), version("m", 2, Stage.STAGING)))));
    catalog.onChange(told::add);
    List<CatalogChange> promotion =
        List.of(
            new CatalogChange.VersionPut(version("m", 1, Stage.ARCHIVED)),
            new CatalogChange.VersionPut(version("m", 2, Stage.PRODUCTION, "a")));

    catalog.apply(6, promotion);
    catalog.apply(6, List.of(new CatalogChange.ModelRemoved("m")));

    assertThat(catalog.get("m").get(Selector.PRODUCTION).key().version()).isEqualTo(2);
    assertThat(catalog.get("m").get(new Selector.Aliased("a")).key().version()).isEqualTo(2);
    assertThatThrownBy(() -> catalog.get("m").get(new Selector.InStage(Stage.STAGING)))
        .isInstanceOf(StageEmptyException.class);
    assertThat(catalog.revision()).isEqualTo(6);
    assertThat(told).containsExactly(Set.of("m"));
  }

  @Test
  void apply_rename_keepsTheVersionsUnderTheNewName() {
    catalog.reset(1, List.of(CatalogModel.of("old", List.of(version("old", 3, Stage.PRODUCTION)))));

    catalog.apply(2, List.of(new CatalogChange.ModelRenamed("old", "new")));

    assertThat(catalog.get("new").get(Selector.PRODUCTION).key())
        .isEqualTo(new VersionKey("new", 3));
    assertThatThrownBy(() -> catalog.get("old")).isInstanceOf(ModelNotFoundException.class);
  }

  @Test
  void reset_tellsOfModelsThatAreGone() {
    List<Set<String>> told = new ArrayList<>();
    catalog.reset(1, List.of(CatalogModel.of("gone", List.of())));
    catalog.onChange(told::add);

    catalog.reset(9, List.of(CatalogModel.of("here", List.of())));

    assertThat(told).containsExactly(Set.of("gone", "here"));
    assertThat(catalog.names()).containsExactly("here");
  }

  @Test
  void get_misspelt_namesTheClosest() {
    catalog.reset(
        1,
        List.of(
            CatalogModel.of("digits", List.of()),
            CatalogModel.of("digest", List.of()),
            CatalogModel.of("weather", List.of())));

    assertThatThrownBy(() -> catalog.get("Digit"))
        .isInstanceOfSatisfying(
            ModelNotFoundException.class,
            e -> assertThat(e.metadata()).containsEntry("closest", "digits, digest"));
  }

  @Test
  void latest_passesOverVersionsThatAreNotReady() {
    CatalogVersion pending =
        new CatalogVersion(
            new VersionKey("m", 2),
            Stage.NONE,
            Readiness.PENDING,
            List.of(),
            "",
            "",
            "",
            "",
            Instant.EPOCH);
    catalog.reset(1, List.of(CatalogModel.of("m", List.of(version("m", 1, Stage.NONE), pending))));

    assertThat(catalog.get("m").get(new Selector.Latest()).key().version()).isEqualTo(1);
  }
}
