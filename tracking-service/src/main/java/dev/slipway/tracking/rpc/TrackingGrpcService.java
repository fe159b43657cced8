package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.StatusMapper;
import dev.slipway.runtime.paging.Page;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.rpc.SearchRequests.Paged;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.search.ExperimentQuery;
import dev.slipway.tracking.search.RunQuery;
import dev.slipway.tracking.service.GroupCommitter;
import dev.slipway.tracking.service.ListCalls;
import dev.slipway.tracking.service.MetricStreams;
import dev.slipway.tracking.service.Retention;
import dev.slipway.tracking.service.RunService;
import dev.slipway.tracking.store.ExperimentStore;
import dev.slipway.tracking.store.LineageStore;
import dev.slipway.tracking.store.LoggedModelStore;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DeleteExperimentRequest;
import dev.slipway.tracking.v1.DeleteExperimentTagsRequest;
import dev.slipway.tracking.v1.DeleteExperimentTagsResponse;
import dev.slipway.tracking.v1.DeleteLoggedModelRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelTagsRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelTagsResponse;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.DeleteRunTagsRequest;
import dev.slipway.tracking.v1.DeleteRunTagsResponse;
import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.ExportMetricsRequest;
import dev.slipway.tracking.v1.ExportMetricsResponse;
import dev.slipway.tracking.v1.FinalizeLoggedModelRequest;
import dev.slipway.tracking.v1.GetExperimentByNameRequest;
import dev.slipway.tracking.v1.GetExperimentRequest;
import dev.slipway.tracking.v1.GetLoggedModelRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetMetricHistoryResponse;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.LogBatchResponse;
import dev.slipway.tracking.v1.LogInputsRequest;
import dev.slipway.tracking.v1.LogInputsResponse;
import dev.slipway.tracking.v1.LogLoggedModelParamsRequest;
import dev.slipway.tracking.v1.LogLoggedModelParamsResponse;
import dev.slipway.tracking.v1.LogOutputsRequest;
import dev.slipway.tracking.v1.LogOutputsResponse;
import dev.slipway.tracking.v1.LoggedModel;
import dev.slipway.tracking.v1.PurgeDeletedRequest;
import dev.slipway.tracking.v1.PurgeDeletedResponse;
import dev.slipway.tracking.v1.QueryMetricsRequest;
import dev.slipway.tracking.v1.QueryMetricsResponse;
import dev.slipway.tracking.v1.RestoreExperimentRequest;
import dev.slipway.tracking.v1.RestoreLoggedModelRequest;
import dev.slipway.tracking.v1.RestoreRunRequest;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.SearchDatasetsRequest;
import dev.slipway.tracking.v1.SearchDatasetsResponse;
import dev.slipway.tracking.v1.SearchExperimentsRequest;
import dev.slipway.tracking.v1.SearchExperimentsResponse;
import dev.slipway.tracking.v1.SearchLoggedModelsRequest;
import dev.slipway.tracking.v1.SearchLoggedModelsResponse;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.SearchRunsResponse;
import dev.slipway.tracking.v1.SetExperimentTagsRequest;
import dev.slipway.tracking.v1.SetExperimentTagsResponse;
import dev.slipway.tracking.v1.SetLoggedModelTagsRequest;
import dev.slipway.tracking.v1.SetLoggedModelTagsResponse;
import dev.slipway.tracking.v1.SetRunTagsRequest;
import dev.slipway.tracking.v1.SetRunTagsResponse;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.StreamMetricsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.UpdateExperimentRequest;
import dev.slipway.tracking.v1.UpdateLoggedModelRequest;
import dev.slipway.tracking.v1.UpdateRunRequest;
import dev.slipway.tracking.v1.WatchExperimentRequest;
import dev.slipway.tracking.v1.WatchExperimentResponse;
import dev.slipway.tracking.v1.WatchRunRequest;
import dev.slipway.tracking.v1.WatchRunResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Clock;
import java.util.List;
import java.util.random.RandomGenerator;

/** Adapts the tracking RPCs to services and stores. Thread-safe. */
public final class TrackingGrpcService extends TrackingServiceGrpc.TrackingServiceImplBase {
  private final ExperimentStore experiments;
  private final RunStore runs;
  private final MetricStore metrics;
  private final RunService runService;
  private final MetricStreams streams;
  private final ListCalls lists;
  private final WatchRpcs watches;
  private final ChartRpcs charts;
  private final ExportRpcs exports;
  private final LineageRpcs lineage;
  private final LoggedModelRpcs loggedModels;
  private final RetentionRpcs retention;
  private final Clock clock;
  private final RandomGenerator random;

  /**
   * Creates the adapter.
   *
   * @param random thread-safe source of run names
   */
  public TrackingGrpcService(
      ExperimentStore experiments,
      RunStore runs,
      MetricStore metrics,
      LineageStore lineage,
      LoggedModelStore models,
      RunService runService,
      MetricStreams streams,
      ListCalls lists,
      WatchRpcs watches,
      Retention retention,
      Clock clock,
      RandomGenerator random) {
    this.experiments = experiments;
    this.runs = runs;
    this.metrics = metrics;
    this.runService = runService;
    this.streams = streams;
    this.lists = lists;
    this.watches = watches;
    this.charts = new ChartRpcs(runs, metrics, lists);
    this.exports = new ExportRpcs(runs, metrics, lists);
    this.lineage = new LineageRpcs(lineage, lists);
    this.loggedModels = new LoggedModelRpcs(models, lists, clock, random);
    this.retention = new RetentionRpcs(retention, clock);
    this.clock = clock;
    this.random = random;
  }

  @Override
  public void createExperiment(
      CreateExperimentRequest request, StreamObserver<Experiment> observer) {
    answer(
        observer,
        TrackingProtos.experiment(
            experiments.create(TrackingRequests.createExperiment(request), clock.instant())));
  }

  @Override
  public void getExperiment(GetExperimentRequest request, StreamObserver<Experiment> observer) {
    ExperimentId id = TrackingRequests.experimentId(request.getExperimentId());
    answer(observer, TrackingProtos.experiment(experiments.get(id)));
  }

  @Override
  public void getExperimentByName(
      GetExperimentByNameRequest request, StreamObserver<Experiment> observer) {
    String name = TrackingRequests.experimentName(request.getName());
    answer(observer, TrackingProtos.experiment(experiments.getByName(name)));
  }

  @Override
  public void searchExperiments(
      SearchExperimentsRequest request, StreamObserver<SearchExperimentsResponse> observer) {
    Paged<ExperimentQuery> paged = SearchRequests.searchExperiments(request);
    Page<Experiment> page =
        lists
            .call(() -> experiments.search(paged.query(), paged.page()))
            .map(TrackingProtos::experiment);
    answer(
        observer,
        SearchExperimentsResponse.newBuilder()
            .addAllExperiments(page.items())
            .setNextPageToken(page.nextPageToken())
            .build());
  }

  @Override
  public void updateExperiment(
      UpdateExperimentRequest request, StreamObserver<Experiment> observer) {
    TrackingRequests.Rename rename = TrackingRequests.updateExperiment(request);
    answer(
        observer,
        TrackingProtos.experiment(experiments.rename(rename.id(), rename.name(), clock.instant())));
  }

  @Override
  public void deleteExperiment(
      DeleteExperimentRequest request, StreamObserver<Experiment> observer) {
    ExperimentId id = TrackingRequests.experimentId(request.getExperimentId());
    answer(observer, TrackingProtos.experiment(experiments.delete(id, clock.instant())));
  }

  @Override
  public void restoreExperiment(
      RestoreExperimentRequest request, StreamObserver<Experiment> observer) {
    ExperimentId id = TrackingRequests.experimentId(request.getExperimentId());
    answer(observer, TrackingProtos.experiment(experiments.restore(id, clock.instant())));
  }

  @Override
  public void setExperimentTags(
      SetExperimentTagsRequest request, StreamObserver<SetExperimentTagsResponse> observer) {
    TagRequests.OfExperiment change = TagRequests.setExperimentTags(request);
    experiments.setTags(change.id(), change.tags(), clock.instant());
    answer(observer, SetExperimentTagsResponse.getDefaultInstance());
  }

  @Override
  public void deleteExperimentTags(
      DeleteExperimentTagsRequest request, StreamObserver<DeleteExperimentTagsResponse> observer) {
    TagRequests.KeysOfExperiment change = TagRequests.deleteExperimentTags(request);
    experiments.deleteTags(change.id(), change.keys(), clock.instant());
    answer(observer, DeleteExperimentTagsResponse.getDefaultInstance());
  }

  @Override
  public void createRun(CreateRunRequest request, StreamObserver<Run> observer) {
    var now = clock.instant();
    answer(
        observer,
        TrackingProtos.run(runs.create(TrackingRequests.createRun(request, now, random), now)));
  }

  @Override
  public void getRun(GetRunRequest request, StreamObserver<Run> observer) {
    RunProjection projection = TagRequests.projection(request);
    RunId id = TrackingRequests.runId(request.getRunId());
    // Large ones wait for each other, for the sake of the memory that they take.
    Run run =
        TrackingProtos.run(
            request.getFullDatasets()
                ? lists.call(() -> runs.get(id, projection))
                : runs.get(id, projection));
    answer(observer, run);
  }

  @Override
  public void updateRun(UpdateRunRequest request, StreamObserver<RunInfo> observer) {
    TrackingRequests.RunChange change = TrackingRequests.updateRun(request);
    answer(
        observer,
        TrackingProtos.runInfo(runService.update(change.id(), change.update(), clock.instant())));
  }

  @Override
  public void deleteRun(DeleteRunRequest request, StreamObserver<RunInfo> observer) {
    RunId id = TrackingRequests.runId(request.getRunId());
    answer(observer, TrackingProtos.runInfo(runs.delete(id, clock.instant())));
  }

  @Override
  public void restoreRun(RestoreRunRequest request, StreamObserver<RunInfo> observer) {
    RunId id = TrackingRequests.runId(request.getRunId());
    answer(observer, TrackingProtos.runInfo(runs.restore(id)));
  }

  @Override
  public void setRunTags(SetRunTagsRequest request, StreamObserver<SetRunTagsResponse> observer) {
    TagRequests.OfRun change = TagRequests.setRunTags(request);
    runService.setTags(
        change.id(),
        change.tags(),
        new LaterAnswer<>(observer, SetRunTagsResponse.getDefaultInstance()));
  }

  @Override
  public void deleteRunTags(
      DeleteRunTagsRequest request, StreamObserver<DeleteRunTagsResponse> observer) {
    TagRequests.KeysOfRun change = TagRequests.deleteRunTags(request);
    runs.deleteTags(change.id(), change.keys());
    answer(observer, DeleteRunTagsResponse.getDefaultInstance());
  }

  @Override
  public void searchRuns(SearchRunsRequest request, StreamObserver<SearchRunsResponse> observer) {
    Paged<RunQuery> paged = SearchRequests.searchRuns(request);
    Page<Run> page =
        lists.call(() -> runService.search(paged.query(), paged.page())).map(TrackingProtos::run);
    answer(
        observer,
        SearchRunsResponse.newBuilder()
            .addAllRuns(page.items())
            .setNextPageToken(page.nextPageToken())
            .build());
  }

  @Override
  public void logBatch(LogBatchRequest request, StreamObserver<LogBatchResponse> observer) {
    runService.logBatch(
        TrackingRequests.logBatch(request, clock.instant()),
        new LaterAnswer<>(observer, LogBatchResponse.getDefaultInstance()));
  }

  @Override
  public void watchRun(WatchRunRequest request, StreamObserver<WatchRunResponse> observer) {
    watches.watchRun(request, (ServerCallStreamObserver<WatchRunResponse>) observer);
  }

  @Override
  public void watchExperiment(
      WatchExperimentRequest request, StreamObserver<WatchExperimentResponse> observer) {
    watches.watchExperiment(request, (ServerCallStreamObserver<WatchExperimentResponse>) observer);
  }

  @Override
  public StreamObserver<StreamMetricsRequest> streamMetrics(
      StreamObserver<StreamMetricsResponse> observer) {
    return new StreamMetricsObserver(
        streams, metrics::isKnownName, (ServerCallStreamObserver<StreamMetricsResponse>) observer);
  }

  @Override
  public void getMetricHistory(
      GetMetricHistoryRequest request, StreamObserver<GetMetricHistoryResponse> observer) {
    Paged<HistoryQuery> paged = SearchRequests.metricHistory(request);
    runs.getInfo(paged.query().run());
    List<MetricPoint> points =
        lists.call(() -> metrics.history(paged.query(), paged.page().size() + 1));
    Page<MetricPoint> page = Page.of(points, paged.page(), SearchRequests::keys);
    answer(
        observer,
        GetMetricHistoryResponse.newBuilder()
            .setPoints(TrackingProtos.columns(page.items()))
            .setNextPageToken(page.nextPageToken())
            .build());
  }

  @Override
  public void queryMetrics(
      QueryMetricsRequest request, StreamObserver<QueryMetricsResponse> observer) {
    charts.queryMetrics(request, (ServerCallStreamObserver<QueryMetricsResponse>) observer);
  }

  @Override
  public void exportMetrics(
      ExportMetricsRequest request, StreamObserver<ExportMetricsResponse> observer) {
    exports.exportMetrics(request, (ServerCallStreamObserver<ExportMetricsResponse>) observer);
  }

  @Override
  public void logInputs(LogInputsRequest request, StreamObserver<LogInputsResponse> observer) {
    answer(observer, lineage.logInputs(request));
  }

  @Override
  public void logOutputs(LogOutputsRequest request, StreamObserver<LogOutputsResponse> observer) {
    answer(observer, lineage.logOutputs(request));
  }

  @Override
  public void searchDatasets(
      SearchDatasetsRequest request, StreamObserver<SearchDatasetsResponse> observer) {
    answer(observer, lineage.searchDatasets(request));
  }

  @Override
  public void createLoggedModel(
      CreateLoggedModelRequest request, StreamObserver<LoggedModel> observer) {
    answer(observer, loggedModels.create(request));
  }

  @Override
  public void getLoggedModel(GetLoggedModelRequest request, StreamObserver<LoggedModel> observer) {
    answer(observer, loggedModels.get(request));
  }

  @Override
  public void searchLoggedModels(
      SearchLoggedModelsRequest request, StreamObserver<SearchLoggedModelsResponse> observer) {
    answer(observer, loggedModels.search(request));
  }

  @Override
  public void finalizeLoggedModel(
      FinalizeLoggedModelRequest request, StreamObserver<LoggedModel> observer) {
    answer(observer, loggedModels.finish(request));
  }

  @Override
  public void updateLoggedModel(
      UpdateLoggedModelRequest request, StreamObserver<LoggedModel> observer) {
    answer(observer, loggedModels.update(request));
  }

  @Override
  public void deleteLoggedModel(
      DeleteLoggedModelRequest request, StreamObserver<LoggedModel> observer) {
    answer(observer, loggedModels.delete(request));
  }

  @Override
  public void restoreLoggedModel(
      RestoreLoggedModelRequest request, StreamObserver<LoggedModel> observer) {
    answer(observer, loggedModels.restore(request));
  }

  @Override
  public void setLoggedModelTags(
      SetLoggedModelTagsRequest request, StreamObserver<SetLoggedModelTagsResponse> observer) {
    answer(observer, loggedModels.setTags(request));
  }

  @Override
  public void deleteLoggedModelTags(
      DeleteLoggedModelTagsRequest request,
      StreamObserver<DeleteLoggedModelTagsResponse> observer) {
    answer(observer, loggedModels.deleteTags(request));
  }

  @Override
  public void logLoggedModelParams(
      LogLoggedModelParamsRequest request, StreamObserver<LogLoggedModelParamsResponse> observer) {
    answer(observer, loggedModels.logParams(request));
  }

  @Override
  public void purgeDeleted(
      PurgeDeletedRequest request, StreamObserver<PurgeDeletedResponse> observer) {
    answer(observer, retention.purgeDeleted(request));
  }

  private static <T> void answer(StreamObserver<T> observer, T message) {
    observer.onNext(message);
    observer.onCompleted();
  }

  /**
   * Answers when the committer has decided, on its thread and thus beyond the error interceptor.
   */
  private record LaterAnswer<T>(StreamObserver<T> observer, T message)
      implements GroupCommitter.Outcome {
    @Override
    public void committed() {
      answer(observer, message);
    }

    @Override
    public void failed(RuntimeException reason) {
      observer.onError(StatusMapper.toStatus(reason));
    }
  }
}
