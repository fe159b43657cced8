package dev.slipway.artifact;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.FileSystemBlobStore;
import dev.slipway.artifact.blob.MinioBlobStore;
import dev.slipway.artifact.content.Manifest;
import dev.slipway.artifact.rpc.ArtifactGrpcService;
import dev.slipway.artifact.rpc.AssetGrpcService;
import dev.slipway.artifact.service.AbandonedPushes;
import dev.slipway.artifact.service.ArtifactService;
import dev.slipway.artifact.service.ConsistencyCheck;
import dev.slipway.artifact.service.ContentBinder;
import dev.slipway.artifact.service.GarbageCollector;
import dev.slipway.artifact.service.PresignedUploads;
import dev.slipway.artifact.service.UploadSpool;
import dev.slipway.artifact.store.ArtifactStore;
import dev.slipway.artifact.store.AssetPublisher;
import dev.slipway.artifact.store.AssetStore;
import dev.slipway.artifact.store.CollectionStore;
import dev.slipway.artifact.store.ConsistencyStore;
import dev.slipway.artifact.store.MaintenanceStore;
import dev.slipway.artifact.store.ManifestStore;
import dev.slipway.artifact.store.PresignedUploadStore;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.server.ServiceModule;
import io.grpc.BindableService;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Is the artifact service as its process hosts it. */
public final class ArtifactModule implements ServiceModule {
  private static final long SWEEP_PERIOD_MINUTES = 10;

  private final Database database;
  private final BlobStore blobs;
  private final UploadSpool spool;
  private final PresignedUploads presigned;
  private final AbandonedPushes pushes;
  private final ScheduledExecutorService sweeper;
  private final List<BindableService> services;

  private ArtifactModule(
      Database database, BlobStore blobs, UploadSpool spool, Duration uploadExpiry, Clock clock) {
    this.database = database;
    this.blobs = blobs;
    this.spool = spool;
    this.sweeper =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "artifact-sweeper");
              thread.setDaemon(true);
              return thread;
            });
    ArtifactStore artifacts = new ArtifactStore(database, clock);
    ManifestStore manifests = new ManifestStore(database, clock, Manifest.MAX_FILES);
    CollectionStore collections = new CollectionStore(database);
    ContentBinder binder = new ContentBinder(artifacts, collections, blobs);
    ArtifactService service = new ArtifactService(artifacts, binder, blobs, spool);
    this.presigned =
        new PresignedUploads(
            service,
            artifacts,
            binder,
            new PresignedUploadStore(database),
            blobs,
            uploadExpiry,
            clock);
    this.pushes = new AbandonedPushes(artifacts, spool, uploadExpiry, clock);
    MaintenanceStore maintenance = new MaintenanceStore(database);
    GarbageCollector collector =
        new GarbageCollector(maintenance, collections, blobs, spool, presigned, pushes, clock);
    ConsistencyCheck check =
        new ConsistencyCheck(maintenance, new ConsistencyStore(database), blobs);
    this.services =
        List.of(
            new ArtifactGrpcService(service, artifacts, manifests, presigned, collector, check),
            new AssetGrpcService(
                new AssetPublisher(database, manifests, clock),
                new AssetStore(database),
                manifests));
  }

  /**
   * Opens the stores, and creates and migrates what is absent.
   *
   * @throws dev.slipway.runtime.error.ServiceException if a store does not answer or cannot be
   *     written
   */
  public static ArtifactModule open(ArtifactConfig config, MetricRegistry metrics, Clock clock) {
    BlobStore blobs = openBlobs(config.store());
    try {
      UploadSpool spool = new UploadSpool(config.spool(), config.uploadExpiry(), clock);
      Database database =
          Database.open(config.database(), "artifact", "db/migration/artifact", metrics);
      return new ArtifactModule(database, blobs, spool, config.uploadExpiry(), clock);
    } catch (RuntimeException e) {
      blobs.close();
      throw e;
    }
  }

  private static BlobStore openBlobs(ArtifactConfig.Store store) {
    if (store instanceof ArtifactConfig.Minio minio) {
      return new MinioBlobStore(minio.settings());
    }
    return new FileSystemBlobStore(((ArtifactConfig.Folder) store).root());
  }

  @Override
  public String name() {
    return "artifact";
  }

  @Override
  public List<BindableService> services() {
    return services;
  }

  @Override
  public boolean ready() {
    return database.answers() && blobs.answers();
  }

  @Override
  public void start() {
    var unused =
        sweeper.scheduleWithFixedDelay(this::sweep, 0, SWEEP_PERIOD_MINUTES, TimeUnit.MINUTES);
  }

  private void sweep() {
    int unused = spool.sweep() + presigned.sweep(() -> {}) + pushes.sweep(() -> {});
  }

  @Override
  public void close() {
    sweeper.shutdownNow();
    database.close();
    blobs.close();
  }
}
