package dev.slipway.registry;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.registry.rpc.CallerInterceptor;
import dev.slipway.registry.rpc.CheckRpcs;
import dev.slipway.registry.rpc.LineageRpcs;
import dev.slipway.registry.rpc.RegistryGrpcService;
import dev.slipway.registry.rpc.RegistryWatches;
import dev.slipway.registry.rpc.StagePolicyRpcs;
import dev.slipway.registry.rpc.StageRpcs;
import dev.slipway.registry.rpc.TransitionRequestRpcs;
import dev.slipway.registry.rpc.WebhookPayloads;
import dev.slipway.registry.rpc.WebhookRpcs;
import dev.slipway.registry.service.CheckRunner;
import dev.slipway.registry.service.LineageService;
import dev.slipway.registry.service.ModelVersionService;
import dev.slipway.registry.service.PackageRelease;
import dev.slipway.registry.service.RegistryFeed;
import dev.slipway.registry.service.StageService;
import dev.slipway.registry.service.VersionComparer;
import dev.slipway.registry.service.WebhookDispatcher;
import dev.slipway.registry.service.WebhookLag;
import dev.slipway.registry.service.WebhookTester;
import dev.slipway.registry.store.LineageStore;
import dev.slipway.registry.store.ModelAliasStore;
import dev.slipway.registry.store.ModelVersionStore;
import dev.slipway.registry.store.PackageHoldStore;
import dev.slipway.registry.store.RegisteredModelStore;
import dev.slipway.registry.store.RegistryEventStore;
import dev.slipway.registry.store.RegistryTransactions;
import dev.slipway.registry.store.ReportedCheckStore;
import dev.slipway.registry.store.StagePolicyStore;
import dev.slipway.registry.store.StageStore;
import dev.slipway.registry.store.TransitionRequestStore;
import dev.slipway.registry.store.WebhookDeliveryStore;
import dev.slipway.registry.store.WebhookStore;
import dev.slipway.registry.upstream.ArtifactLookup;
import dev.slipway.registry.upstream.RunLineage;
import dev.slipway.registry.upstream.RunLookup;
import dev.slipway.registry.upstream.ServingLookup;
import dev.slipway.registry.upstream.WebhookSender;
import dev.slipway.registry.upstream.WebhookTargets;
import dev.slipway.registry.webhook.AddressPolicy;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.GracefulStop;
import dev.slipway.runtime.server.ServiceModule;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ServerInterceptors;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import okhttp3.Dns;

/** Is the registry service as its process hosts it. */
public final class RegistryModule implements ServiceModule {
  private static final long SWEEP_PERIOD_SECONDS = 60;
  private static final long EXPIRE_PERIOD_SECONDS = 10;

  private final Database database;
  private final RegistryFeed feed;
  private final CheckRunner checks;
  private final RegistryWatches watches;
  private final PackageRelease release;
  private final WebhookSender webhookSender;
  private final WebhookDispatcher webhookDispatcher;
  private final StageService stageService;
  private final List<BindableService> services;
  private final ScheduledExecutorService sweeper =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "registry-sweeper");
            thread.setDaemon(true);
            return thread;
          });

  private RegistryModule(
      Database database,
      RegistryConfig config,
      Channel artifact,
      Channel tracking,
      Channel serving,
      MetricRegistry metrics,
      Clock clock) {
    this.database = database;
    // These two read through the transactions and are told by them: the one knot in the wiring.
    AtomicReference<RegistryFeed> told = new AtomicReference<>();
    AtomicReference<WebhookDispatcher> sending = new AtomicReference<>();
    RegistryTransactions transactions =
        new RegistryTransactions(
            database, clock, revision -> told.get().hint(revision), () -> sending.get().hint());
    RegistryEventStore events = new RegistryEventStore(transactions);
    feed = new RegistryFeed(events, config.pollInterval());
    told.set(feed);
    watches = new RegistryWatches(feed, events);

    RegisteredModelStore models = new RegisteredModelStore(transactions);
    ModelVersionStore versions = new ModelVersionStore(transactions);
    PackageHoldStore holds = new PackageHoldStore(transactions);
    ArtifactLookup artifacts = new ArtifactLookup(artifact);
    RunLookup runs = new RunLookup(tracking);
    ReportedCheckStore reportedChecks = new ReportedCheckStore(transactions);
    checks = new CheckRunner(reportedChecks, runs, new ServingLookup(serving), clock);
    release = new PackageRelease(holds, artifacts, sweeper);
    Supplier<String> ids = () -> UUID.randomUUID().toString().replace("-", "");
    ModelVersionService registration =
        new ModelVersionService(models, versions, holds, release, artifacts, runs, ids);
    WebhookConfig webhooks = config.webhooks();
    WebhookTargets targets =
        new WebhookTargets(
            new AddressPolicy(webhooks.allowPrivate()), webhooks.allowHttp(), Dns.SYSTEM);
    webhookSender = new WebhookSender(targets, clock);
    WebhookPayloads payloads = new WebhookPayloads();
    WebhookStore webhookStore = new WebhookStore(transactions);
    WebhookDeliveryStore deliveries = new WebhookDeliveryStore(transactions);
    webhookDispatcher =
        new WebhookDispatcher(deliveries, events, webhookSender, payloads, clock, metrics);
    sending.set(webhookDispatcher);
    metrics.gauge("registry.webhooks.lag-revisions", () -> new WebhookLag(deliveries));
    StageStore stages = new StageStore(transactions);
    TransitionRequestStore requests = new TransitionRequestStore(transactions);
    stageService = new StageService(stages, requests, checks, ids);
    RegistryGrpcService service =
        new RegistryGrpcService(
            models,
            versions,
            registration,
            new StageRpcs(stageService, stages),
            new StagePolicyRpcs(new StagePolicyStore(transactions, config.policyRoles())),
            new TransitionRequestRpcs(stageService, requests),
            new ModelAliasStore(transactions),
            events,
            watches,
            new CheckRpcs(reportedChecks, new VersionComparer(versions, runs)),
            new WebhookRpcs(
                webhookStore,
                deliveries,
                new WebhookTester(webhookStore, webhookSender, payloads, clock),
                targets,
                webhooks.roles(),
                webhookDispatcher::hint),
            new LineageRpcs(
                new LineageService(
                    versions, new LineageStore(transactions), new RunLineage(tracking))));
    services = List.of(() -> ServerInterceptors.intercept(service, new CallerInterceptor()));
  }

  /**
   * Opens the database, and creates and migrates what is absent.
   *
   * @param artifact channel to the artifact service; owned by the caller
   * @param tracking channel to the tracking service, for sources that name a run, checks of metrics
   *     and lineage; owned by the caller
   * @param serving channel to the serving service, for checks that run golden requests; owned by
   *     the caller
   * @throws dev.slipway.runtime.database.DatabaseException if the database does not answer
   */
  public static RegistryModule open(
      RegistryConfig config,
      Channel artifact,
      Channel tracking,
      Channel serving,
      MetricRegistry metrics,
      Clock clock) {
    Database database =
        Database.open(config.database(), "registry", "db/migration/registry", metrics);
    try {
      return new RegistryModule(database, config, artifact, tracking, serving, metrics, clock);
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return "registry";
  }

  @Override
  public List<BindableService> services() {
    return services;
  }

  @Override
  public boolean ready() {
    return database.answers();
  }

  @Override
  public void start() {
    feed.start();
    webhookDispatcher.start();
    var unused =
        sweeper.scheduleWithFixedDelay(
            this::sweep, SWEEP_PERIOD_SECONDS, SWEEP_PERIOD_SECONDS, TimeUnit.SECONDS);
    var unusedToo =
        sweeper.scheduleWithFixedDelay(
            stageService::expireRequests,
            EXPIRE_PERIOD_SECONDS,
            EXPIRE_PERIOD_SECONDS,
            TimeUnit.SECONDS);
  }

  @Override
  public void drain() {
    watches.drain();
  }

  @Override
  public void close() {
    GracefulStop.stop(sweeper);
    checks.close();
    webhookDispatcher.close();
    webhookSender.close();
    watches.close();
    feed.close();
    database.close();
  }

  private void sweep() {
    release.sweep();
    webhookDispatcher.sweep();
  }
}
