package dev.slipway.serving.testing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.GetRegisteredModelRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.ModelVersionState;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryChange;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.RegistryHeartbeat;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceImplBase;
import dev.slipway.registry.v1.RegistrySnapshot;
import dev.slipway.registry.v1.RegistryState;
import dev.slipway.registry.v1.ResolveVersionRequest;
import dev.slipway.registry.v1.ResolveVersionResponse;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.registry.v1.WatchRegistryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A registry in memory that speaks the change feed, and can be cut off. */
public final class FakeRegistry extends RegistryServiceImplBase {
  @GuardedBy("this")
  private final Map<String, TreeMap<Long, ModelVersion>> models = new TreeMap<>();

  @GuardedBy("this")
  private final Map<String, Map<String, String>> tags = new TreeMap<>();

  @GuardedBy("this")
  private final List<RegistryEvent> events = new ArrayList<>();

  @GuardedBy("this")
  private final List<StreamObserver<WatchRegistryResponse>> watches = new ArrayList<>();

  /** What each watch asked to resume from. */
  @GuardedBy("this")
  private final List<Long> resumes = new ArrayList<>();

  @GuardedBy("this")
  private boolean away;

  private final AtomicInteger resolved = new AtomicInteger();

  @GuardedBy("this")
  private boolean refuseNext;

  /** Registers a version and returns its number. */
  public synchronized long add(String model, String digest, Stage stage) {
    boolean isNew = !models.containsKey(model);
    TreeMap<Long, ModelVersion> versions = models.computeIfAbsent(model, name -> new TreeMap<>());
    if (isNew) {
      emit(
          RegistryEvent.newBuilder()
              .setAfter(
                  RegistryState.newBuilder()
                      .setRegisteredModel(RegisteredModel.newBuilder().setName(model))));
    }
    long number = versions.isEmpty() ? 1 : versions.lastKey() + 1;
    ModelVersion version =
        ModelVersion.newBuilder()
            .setName(model)
            .setVersion(number)
            .setState(ModelVersionState.MODEL_VERSION_STATE_READY)
            .setStage(Stage.STAGE_NONE)
            .setPackageDigest(digest)
            .setRunId("0123456789abcdef0123456789abcdef")
            .build();
    put(version, new ArrayList<>());
    if (stage != Stage.STAGE_NONE) {
      move(model, number, stage);
    }
    return number;
  }

  /** Creates a model without versions. */
  public synchronized void addModel(String model) {
    models.put(model, new TreeMap<>());
    emit(
        RegistryEvent.newBuilder()
            .setAfter(
                RegistryState.newBuilder()
                    .setRegisteredModel(RegisteredModel.newBuilder().setName(model))));
  }

  /** Sets the tags of a model, and removes all others. */
  public synchronized void setTags(String model, Map<String, String> newTags) {
    tags.put(model, Map.copyOf(newTags));
    emit(
        RegistryEvent.newBuilder()
            .setBefore(
                RegistryState.newBuilder()
                    .setRegisteredModel(RegisteredModel.newBuilder().setName(model)))
            .setAfter(RegistryState.newBuilder().setRegisteredModel(model(model))));
  }

  /** Returns a model's tags. */
  public synchronized Map<String, String> tags(String model) {
    return tags.getOrDefault(model, Map.of());
  }

  @GuardedBy("this")
  private RegisteredModel model(String name) {
    return RegisteredModel.newBuilder()
        .setName(name)
        .putAllTags(tags.getOrDefault(name, Map.of()))
        // As if every change were one of this model.
        .setRevision(events.size())
        .build();
  }

  @Override
  public synchronized void getRegisteredModel(
      GetRegisteredModelRequest request, StreamObserver<RegisteredModel> out) {
    if (away) {
      out.onError(Status.UNAVAILABLE.asRuntimeException());
      return;
    }
    out.onNext(model(request.getName()));
    out.onCompleted();
  }

  @Override
  public synchronized void setRegisteredModelTags(
      SetRegisteredModelTagsRequest request, StreamObserver<RegisteredModel> out) {
    boolean changed =
        request.getExpectedRevision() != 0 && request.getExpectedRevision() != events.size();
    if (away || changed) {
      out.onError((away ? Status.UNAVAILABLE : Status.ABORTED).asRuntimeException());
      return;
    }
    Map<String, String> all = new TreeMap<>(tags(request.getName()));
    all.putAll(request.getTagsMap());
    setTags(request.getName(), all);
    out.onNext(model(request.getName()));
    out.onCompleted();
  }

  /** Moves a version to a stage; others there go to Archived. */
  public synchronized void move(String model, long number, Stage stage) {
    List<RegistryChange> also = new ArrayList<>();
    for (ModelVersion other : List.copyOf(models.get(model).values())) {
      boolean exclusive = stage == Stage.STAGE_PRODUCTION || stage == Stage.STAGE_STAGING;
      if (exclusive && other.getStage() == stage && other.getVersion() != number) {
        ModelVersion archived = other.toBuilder().setStage(Stage.STAGE_ARCHIVED).build();
        models.get(model).put(other.getVersion(), archived);
        also.add(
            RegistryChange.newBuilder().setBefore(state(other)).setAfter(state(archived)).build());
      }
    }
    put(models.get(model).get(number).toBuilder().setStage(stage).build(), also);
  }

  /** Changes a version. */
  public synchronized void update(
      String model, long number, UnaryOperator<ModelVersion.Builder> change) {
    put(change.apply(models.get(model).get(number).toBuilder()).build(), new ArrayList<>());
  }

  /** Deletes a version. */
  public synchronized void delete(String model, long number) {
    ModelVersion gone = models.get(model).remove(number);
    emit(RegistryEvent.newBuilder().setBefore(state(gone)));
  }

  /** Deletes a model. */
  public synchronized void deleteModel(String model) {
    models.remove(model);
    emit(
        RegistryEvent.newBuilder()
            .setBefore(
                RegistryState.newBuilder()
                    .setRegisteredModel(RegisteredModel.newBuilder().setName(model))));
  }

  private static RegistryState state(ModelVersion version) {
    return RegistryState.newBuilder().setModelVersion(version).build();
  }

  @GuardedBy("this")
  private void put(ModelVersion version, List<RegistryChange> also) {
    ModelVersion before = models.get(version.getName()).put(version.getVersion(), version);
    RegistryEvent.Builder event =
        RegistryEvent.newBuilder().addAllAlsoChanged(also).setAfter(state(version));
    if (before != null) {
      event.setBefore(state(before));
    }
    emit(event);
  }

  @GuardedBy("this")
  private void emit(RegistryEvent.Builder event) {
    events.add(event.setRevision(events.size() + 1L).build());
    WatchRegistryResponse response =
        WatchRegistryResponse.newBuilder().setEvent(events.get(events.size() - 1)).build();
    watches.forEach(watch -> watch.onNext(response));
  }

  /** Answers the next such question as if it had been asked before there was anything. */
  public synchronized void refuseNextResolution() {
    refuseNext = true;
  }

  /** Returns how often a version was asked for. */
  public int resolved() {
    return resolved.get();
  }

  @Override
  public synchronized void resolveVersion(
      ResolveVersionRequest request, StreamObserver<ResolveVersionResponse> out) {
    resolved.incrementAndGet();
    Optional<ModelVersion> found =
        models.getOrDefault(request.getName(), new TreeMap<>()).values().stream()
            .filter(
                version ->
                    switch (request.getSelectorCase()) {
                      case VERSION -> version.getVersion() == request.getVersion();
                      case STAGE -> version.getStage() == request.getStage();
                      case ALIAS -> version.getAliasesList().contains(request.getAlias());
                      case LATEST -> true;
                      case SELECTOR_NOT_SET -> false;
                    })
            .reduce((lower, higher) -> higher);
    boolean refused = refuseNext;
    refuseNext = false;
    if (away || refused || found.isEmpty()) {
      out.onError((away ? Status.UNAVAILABLE : Status.NOT_FOUND).asRuntimeException());
      return;
    }
    out.onNext(
        ResolveVersionResponse.newBuilder()
            .setModelVersion(found.get())
            .setRevision(events.size())
            .build());
    out.onCompleted();
  }

  /** Ends all watches and refuses new ones. */
  public synchronized void cut() {
    away = true;
    watches.forEach(
        watch -> watch.onError(Status.UNAVAILABLE.withDescription("cut").asRuntimeException()));
    watches.clear();
  }

  /** Takes watches again. */
  public synchronized void restore() {
    away = false;
  }

  /** Returns the present revision. */
  public synchronized long revision() {
    return events.size();
  }

  /** Returns what each watch asked to resume from, in order. */
  public synchronized List<Long> resumes() {
    return List.copyOf(resumes);
  }

  @Override
  public synchronized void watchRegistry(
      WatchRegistryRequest request, StreamObserver<WatchRegistryResponse> out) {
    if (away) {
      out.onError(Status.UNAVAILABLE.asRuntimeException());
      return;
    }
    resumes.add(request.getFromRevision());
    if (request.getFromRevision() == 0) {
      snapshot(out);
    } else {
      for (RegistryEvent event : events.subList((int) request.getFromRevision(), events.size())) {
        out.onNext(WatchRegistryResponse.newBuilder().setEvent(event).build());
      }
      out.onNext(
          WatchRegistryResponse.newBuilder()
              .setHeartbeat(RegistryHeartbeat.newBuilder().setRevision(events.size()))
              .build());
    }
    ((ServerCallStreamObserver<WatchRegistryResponse>) out).setOnCancelHandler(() -> drop(out));
    watches.add(out);
  }

  private synchronized void drop(StreamObserver<WatchRegistryResponse> watch) {
    watches.remove(watch);
  }

  @GuardedBy("this")
  private void snapshot(StreamObserver<WatchRegistryResponse> out) {
    RegistrySnapshot.Builder first = RegistrySnapshot.newBuilder().setRevision(events.size());
    for (String name : models.keySet()) {
      first.addRegisteredModels(model(name));
    }
    RegistrySnapshot.Builder last =
        RegistrySnapshot.newBuilder().setRevision(events.size()).setLast(true);
    models.values().forEach(versions -> last.addAllModelVersions(versions.values()));
    out.onNext(WatchRegistryResponse.newBuilder().setSnapshot(first).build());
    out.onNext(WatchRegistryResponse.newBuilder().setSnapshot(last).build());
  }

  @Override
  public synchronized void getModelVersion(
      GetModelVersionRequest request, StreamObserver<ModelVersion> out) {
    ModelVersion version =
        models.getOrDefault(request.getName(), new TreeMap<>()).get(request.getVersion());
    if (away || version == null) {
      out.onError((away ? Status.UNAVAILABLE : Status.NOT_FOUND).asRuntimeException());
      return;
    }
    out.onNext(version);
    out.onCompleted();
  }
}
