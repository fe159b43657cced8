package dev.slipway.serving.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.Stage;
import dev.slipway.runtime.server.Channels;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.ModelNotFoundException;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.testing.FakeRegistry;
import dev.slipway.serving.testing.ServingHarness;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the catalog does not have, and the registry may. */
class CatalogCatchUpTest {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final FakeRegistry registry = new FakeRegistry();
  private final Catalog catalog = new Catalog();
  private final AtomicLong nanos = new AtomicLong();
  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    String name = UUID.randomUUID().toString();
    server = InProcessServerBuilder.forName(name).addService(registry).build().start();
    channel = Channels.inProcess(name);
    catalog.reset(0, List.of());
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  private CatalogCatchUp catchUp(boolean connected, Duration patience) {
    return new CatalogCatchUp(
        channel, catalog, () -> connected, Runnable::run, patience, nanos::get);
  }

  private CompletableFuture<VersionKey> find(CatalogCatchUp catchUp, Selector selector) {
    return catchUp.find("m", selector, () -> catalog.get("m").get(selector).key());
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(PATIENCE.toMinutes(), TimeUnit.MINUTES);
  }

  private static void assertMissing(CompletableFuture<?> future) {
    assertThatThrownBy(() -> get(future))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ModelNotFoundException.class);
  }

  /** Takes over what the registry has. */
  private void catchUpByWatch() {
    catalog.reset(
        registry.revision(),
        List.of(
            CatalogModel.of(
                "m",
                List.of(
                    RegistryStates.version(
                        ModelVersion.newBuilder()
                            .setName("m")
                            .setVersion(1)
                            .setStage(Stage.STAGE_PRODUCTION)
                            .addAliases("champion")
                            .build())))));
  }

  static List<Selector> selectors() {
    return List.of(
        Selector.PRODUCTION,
        new Selector.Numbered(1),
        new Selector.Aliased("champion"),
        new Selector.Latest());
  }

  @ParameterizedTest
  @MethodSource("selectors")
  void find_madeAMomentAgo_waitsUntilTheCatalogHasIt(Selector selector) throws Exception {
    registry.add("m", "", Stage.STAGE_PRODUCTION);
    registry.update("m", 1, version -> version.addAliases("champion"));

    CompletableFuture<VersionKey> found = find(catchUp(true, PATIENCE), selector);
    ServingHarness.await(() -> registry.resolved() == 1);
    assertThat(found).isNotDone();
    catchUpByWatch();

    assertThat(get(found)).isEqualTo(new VersionKey("m", 1));
  }

  @Test
  void find_whatTheCatalogHas_asksNobody() {
    registry.add("m", "", Stage.STAGE_PRODUCTION);
    catchUpByWatch();

    assertThat(find(catchUp(true, PATIENCE), Selector.PRODUCTION))
        .isCompletedWithValue(new VersionKey("m", 1));
    assertThat(registry.resolved()).isZero();
  }

  @Test
  void find_whatNobodyHas_isMissing() {
    assertMissing(find(catchUp(true, PATIENCE), Selector.PRODUCTION));
    assertThat(registry.resolved()).isEqualTo(1);
  }

  @Test
  void find_whileTheRegistryIsNotHeard_asksNobody() {
    registry.add("m", "", Stage.STAGE_PRODUCTION);

    assertMissing(find(catchUp(false, PATIENCE), Selector.PRODUCTION));
    assertThat(registry.resolved()).isZero();
  }

  @Test
  void find_catalogThatNeverComesThere_isMissing() {
    registry.add("m", "", Stage.STAGE_PRODUCTION);

    assertMissing(find(catchUp(true, Duration.ofMillis(1)), Selector.PRODUCTION));
  }

  @Test
  void find_thoseWhoComeMeanwhile_shareTheNextQuestion_andAreBounded() {
    CatalogCatchUp catchUp = catchUp(true, PATIENCE);
    List<CompletableFuture<VersionKey>> waiting = new ArrayList<>();
    synchronized (registry) {
      for (int i = 0; i < 256; i++) {
        waiting.add(find(catchUp, Selector.PRODUCTION));
      }
      assertMissing(find(catchUp, Selector.PRODUCTION));
      assertThat(waiting).noneMatch(CompletableFuture::isDone);
    }

    waiting.forEach(CatalogCatchUpTest::assertMissing);
    assertThat(registry.resolved()).isEqualTo(2);
    assertMissing(find(catchUp, Selector.PRODUCTION));
    assertThat(registry.resolved()).as("there is room again").isEqualTo(3);
  }

  /** What a caller was told of must not be missed by a question that was out before. */
  @Test
  void find_madeWhileAQuestionIsOut_isFoundByTheNext() throws Exception {
    CatalogCatchUp catchUp = catchUp(true, PATIENCE);
    CompletableFuture<VersionKey> early;
    CompletableFuture<VersionKey> late;
    synchronized (registry) {
      registry.refuseNextResolution();
      early = find(catchUp, Selector.PRODUCTION);
      registry.add("m", "", Stage.STAGE_PRODUCTION);
      late = find(catchUp, Selector.PRODUCTION);
    }
    assertMissing(early);
    catchUpByWatch();

    assertThat(get(late)).isEqualTo(new VersionKey("m", 1));
    assertThat(registry.resolved()).isEqualTo(2);
  }

  @Test
  void find_moreThanAHundredQuestionsASecond_asksNobody() {
    CatalogCatchUp catchUp = catchUp(true, PATIENCE);
    for (int i = 1; i <= 150; i++) {
      assertMissing(find(catchUp, new Selector.Numbered(i)));
    }
    assertThat(registry.resolved()).isEqualTo(100);

    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    assertMissing(find(catchUp, Selector.PRODUCTION));
    assertThat(registry.resolved()).isEqualTo(101);
  }
}
