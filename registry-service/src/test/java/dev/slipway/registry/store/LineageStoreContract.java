package dev.slipway.registry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.TensorSource;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.lineage.LineageLink;
import dev.slipway.registry.lineage.LineageNode.OfRun;
import dev.slipway.registry.lineage.LineageNode.OfVersion;
import dev.slipway.registry.lineage.LineageRelation;
import dev.slipway.registry.model.ModelInPipelinesException;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.version.ModelVersionNotFoundException;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.PipelineStepGoneException;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionPackage;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Says what the store of lineage promises, on whichever database. */
abstract class LineageStoreContract {
  private static final Caller ANNA = Caller.ANONYMOUS;
  private static final RunId RUN = new RunId("0123456789abcdef0123456789abcdef");
  private static final OfVersion NET = version("net", 1);
  private static final OfVersion COPY = version("copy", 1);
  private static final OfVersion FRAUD = version("fraud", 1);

  private Database database;
  private RegisteredModelStore models;
  private ModelVersionStore versions;
  private PackageHoldStore holds;
  private LineageStore lineage;
  private int holders;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    database = Database.open(database(), "registry", "db/migration/registry", new MetricRegistry());
    RegistryTransactions transactions =
        new RegistryTransactions(database, Clock.systemUTC(), revision -> {});
    models = new RegisteredModelStore(transactions);
    versions = new ModelVersionStore(transactions);
    holds = new PackageHoldStore(transactions);
    lineage = new LineageStore(transactions);
    register("net", "nets/1", Optional.of(RUN), List.of());
    register("copy", "models:/net/1", Optional.of(RUN), List.of());
    register("fraud", "packages/fraud", Optional.empty(), steps("net/1", "copy/1"));
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static OfVersion version(String name, long number) {
    return new OfVersion(new ModelName(name), new VersionNumber(number));
  }

  private static LineageLink link(
      OfVersion from, OfVersion to, LineageRelation relation, String role) {
    return new LineageLink(from, to, relation, role);
  }

  private static LineageLink output(OfVersion to) {
    return new LineageLink(new OfRun(RUN), to, LineageRelation.RUN_OUTPUT, "");
  }

  private static List<Flavor> steps(String... of) {
    List<PipelineStep> steps =
        IntStream.range(0, of.length)
            .mapToObj(
                i ->
                    PipelineStep.of(
                        "s" + i,
                        of[i].substring(0, of[i].indexOf('/')),
                        Long.parseLong(of[i].substring(of[i].indexOf('/') + 1))))
            .toList();
    Map<String, TensorSource> outputs = new LinkedHashMap<>();
    for (PipelineStep step : steps) {
      outputs.put(step.name(), new TensorSource(Optional.of(step.name()), "y"));
    }
    return List.of(new PipelineDefinition(steps, outputs).toFlavor());
  }

  private void register(String name, String source, Optional<RunId> run, List<Flavor> flavors) {
    ModelName model = new ModelName(name);
    var unused =
        models.create(new NewRegisteredModel(model, "", "", Map.of()), Optional.empty(), ANNA);
    String holder = "registry/registrations/" + ++holders;
    holds.begin(holder);
    var version =
        versions.create(
            new NewModelVersion(
                model, PackageSource.parse(source), run, "", "", Map.of(), "", false, false),
            new ModelVersionStore.Registration(
                Optional.of("packages/" + name),
                run,
                Optional.of(
                    new VersionPackage(
                        holder,
                        new Sha256("a".repeat(64)),
                        1,
                        Optional.of(
                            new VersionPackage.ModelFile(
                                flavors, Optional.empty(), Optional.empty()))))),
            Optional.empty(),
            ANNA);
    assertThat(version.number().value()).isEqualTo(1);
  }

  @Test
  void intoVersions_listsRunsCopiesAndSteps() {
    assertThat(lineage.intoVersions(List.of(FRAUD, COPY, NET)))
        .containsExactlyInAnyOrder(
            output(COPY),
            output(NET),
            link(NET, COPY, LineageRelation.COPY, ""),
            link(NET, FRAUD, LineageRelation.PIPELINE_STEP, "s0"),
            link(COPY, FRAUD, LineageRelation.PIPELINE_STEP, "s1"));
    assertThat(lineage.intoVersions(List.of(version("net", 2), version("none", 1)))).isEmpty();
  }

  @Test
  void from_listsVersionsOfRunsAndUsesOfVersions() {
    assertThat(lineage.from(List.of(NET)))
        .containsExactlyInAnyOrder(
            link(NET, COPY, LineageRelation.COPY, ""),
            link(NET, FRAUD, LineageRelation.PIPELINE_STEP, "s0"));
    assertThat(lineage.from(List.of(new OfRun(RUN), COPY)))
        .containsExactlyInAnyOrder(
            output(NET), output(COPY), link(COPY, FRAUD, LineageRelation.PIPELINE_STEP, "s1"));
    assertThat(lineage.from(List.of(FRAUD))).isEmpty();
  }

  @Test
  void rename_isFollowed_andWhatIsDeletedIsGone() {
    register("twin", "models:/fraud/1", Optional.empty(), List.of());
    var unused = models.rename(FRAUD.name(), new ModelName("scam"), ANNA);
    OfVersion renamed = version("scam", 1);

    assertThat(lineage.from(List.of(renamed)))
        .containsExactly(link(renamed, version("twin", 1), LineageRelation.COPY, ""));
    assertThat(lineage.from(List.of(NET)))
        .contains(link(NET, renamed, LineageRelation.PIPELINE_STEP, "s0"));

    versions.delete(NET.name(), NET.number(), false, ANNA);

    assertThat(lineage.intoVersions(List.of(COPY, renamed)))
        .containsExactlyInAnyOrder(
            output(COPY), link(COPY, renamed, LineageRelation.PIPELINE_STEP, "s1"));
  }

  @Test
  void rename_isRefused_whilePipelinesRunAVersion() {
    ModelName network = new ModelName("network");

    assertThatThrownBy(() -> models.rename(NET.name(), network, ANNA))
        .isInstanceOf(ModelInPipelinesException.class)
        .hasMessageContaining("fraud/1");
    assertThat(models.rename(NET.name(), NET.name(), ANNA).name()).isEqualTo(NET.name());

    versions.delete(FRAUD.name(), FRAUD.number(), false, ANNA);
    assertThat(models.rename(NET.name(), network, ANNA).name()).isEqualTo(network);
  }

  @Test
  void pipelineWhoseStepIsGone_isNotWritten() {
    assertThatThrownBy(
            () -> register("late", "packages/late", Optional.empty(), steps("net/1", "gone/3")))
        .isInstanceOf(PipelineStepGoneException.class)
        .hasMessageContaining("step s1 runs models:/gone/3");
    assertThatThrownBy(() -> versions.newest(new ModelName("late")))
        .isInstanceOf(ModelVersionNotFoundException.class);
  }

  @Test
  void renameBesideARegistration_neverLeavesAPipelineWhoseStepIsGone() throws Exception {
    register("step", "packages/step", Optional.empty(), List.of());
    CyclicBarrier both = new CyclicBarrier(2);
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      Future<Boolean> renaming =
          pool.submit(
              () -> {
                both.await();
                try {
                  var unused = models.rename(new ModelName("step"), new ModelName("renamed"), ANNA);
                  return true;
                } catch (ModelInPipelinesException e) {
                  return false;
                }
              });
      both.await();
      boolean registered = true;
      try {
        register("chain", "packages/chain", Optional.empty(), steps("step/1"));
      } catch (PipelineStepGoneException e) {
        registered = false;
      }

      assertThat(registered).isNotEqualTo(renaming.get());
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void backfill_ofVersionsThatWereThereBefore_findsTheSame() {
    List<LineageLink> noted = lineage.intoVersions(List.of(FRAUD, COPY, NET));

    long migrations =
        database.write(
            handle -> {
              handle.execute("DELETE FROM version_source");
              VersionSourceBackfill.run(handle.getConnection());
              return handle
                  .createQuery(
                      "SELECT COUNT(*) FROM \"flyway_schema_history\" WHERE \"script\" LIKE"
                          + " '%fill_version_source%'")
                  .mapTo(Long.class)
                  .one();
            });

    assertThat(lineage.intoVersions(List.of(FRAUD, COPY, NET))).isEqualTo(noted);
    assertThat(migrations).as("run by the migrations too").isEqualTo(1);
  }
}
