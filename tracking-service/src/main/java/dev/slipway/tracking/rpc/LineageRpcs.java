package dev.slipway.tracking.rpc;

import dev.slipway.runtime.paging.Page;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.rpc.SearchRequests.Paged;
import dev.slipway.tracking.service.ListCalls;
import dev.slipway.tracking.store.LineageStore;
import dev.slipway.tracking.v1.DatasetSummary;
import dev.slipway.tracking.v1.LogInputsRequest;
import dev.slipway.tracking.v1.LogInputsResponse;
import dev.slipway.tracking.v1.LogOutputsRequest;
import dev.slipway.tracking.v1.LogOutputsResponse;
import dev.slipway.tracking.v1.SearchDatasetsRequest;
import dev.slipway.tracking.v1.SearchDatasetsResponse;
import java.util.Set;

/** Answers the RPCs about what runs read and produced. Thread-safe. */
final class LineageRpcs {
  private final LineageStore lineage;
  private final ListCalls lists;

  LineageRpcs(LineageStore lineage, ListCalls lists) {
    this.lineage = lineage;
    this.lists = lists;
  }

  LogInputsResponse logInputs(LogInputsRequest request) {
    LineageRequests.Inputs inputs = LineageRequests.logInputs(request);
    lineage.logInputs(inputs.run(), inputs.datasets(), inputs.models());
    return LogInputsResponse.getDefaultInstance();
  }

  LogOutputsResponse logOutputs(LogOutputsRequest request) {
    LineageRequests.Outputs outputs = LineageRequests.logOutputs(request);
    lineage.logOutputs(outputs.run(), outputs.models());
    return LogOutputsResponse.getDefaultInstance();
  }

  SearchDatasetsResponse searchDatasets(SearchDatasetsRequest request) {
    Paged<Set<ExperimentId>> paged = LineageRequests.searchDatasets(request);
    Page<DatasetSummary> page =
        lists
            .call(() -> lineage.searchDatasets(paged.query(), paged.page()))
            .map(LineageProtos::summary);
    return SearchDatasetsResponse.newBuilder()
        .addAllDatasets(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }
}
