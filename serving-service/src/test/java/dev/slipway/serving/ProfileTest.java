package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.Duration;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.Phase;
import dev.slipway.serving.v1.PhaseProfile;
import dev.slipway.serving.v1.ProfileRequest;
import dev.slipway.serving.v1.ProfileResponse;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.StepProfile;
import dev.slipway.serving.v1.VersionSelector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileTest {
  private static final Duration LONG = Duration.newBuilder().setSeconds(300).build();

  @TempDir Path folder;

  private ServingHarness harness;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder);
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.addScripted("m", 10, "none", Stage.STAGE_NONE);
    harness.awaitProduction("m", 1);
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  private ListenableFuture<ProfileResponse> profile(ProfileRequest.Builder request) {
    return ServingServiceGrpc.newFutureStub(harness.channel())
        .withDeadlineAfter(60, TimeUnit.SECONDS)
        .profile(request.setModel("m").build());
  }

  @Test
  void requestsOfTheVersion_areMeasuredUpToTheBound() throws Exception {
    ListenableFuture<ProfileResponse> bounded =
        profile(ProfileRequest.newBuilder().setDuration(LONG).setMaxRequests(4));
    ListenableFuture<ProfileResponse> beside =
        profile(ProfileRequest.newBuilder().setDuration(LONG).setMaxRequests(7));
    while (!bounded.isDone() || !beside.isDone()) {
      harness.inference().modelInfer(ServingHarness.ask("m", "", 1f, 2f, 3f));
    }

    ProfileResponse profile = bounded.get();
    assertThat(beside.get().getRequests().getCount()).isEqualTo(7);
    assertThat(profile.getModel()).isEqualTo("m");
    assertThat(profile.getVersion()).isEqualTo(1);
    assertThat(profile.getDuration().getSeconds()).isLessThan(LONG.getSeconds());
    assertThat(profile.getRequests().getCount()).isEqualTo(4);
    // The first may have been in the engine already when the measurement began.
    assertThat(profile.getEngineCalls()).isBetween(3L, 4L);
    assertThat(profile.getRows()).isEqualTo(3 * profile.getEngineCalls());
    assertThat(profile.getStepsCount()).isEqualTo(1);
    StepProfile step = profile.getSteps(0);
    assertThat(step.getStep()).isEqualTo("m");
    assertThat(step.getModel()).isEqualTo("m");
    assertThat(step.getVersion()).isEqualTo(1);
    assertThat(step.getCalls()).isEqualTo(4);
    assertThat(step.getNet()).isEqualTo(profile.getRequests());
    assertThat(step.getNetShare()).isEqualTo(1);
    assertThat(step.getPhasesList())
        .extracting(PhaseProfile::getPhase)
        .contains(Phase.PHASE_ASSEMBLY, Phase.PHASE_COMPUTE, Phase.PHASE_SPLIT);
    assertThat(step.getPhasesList().stream().mapToDouble(PhaseProfile::getShare).sum())
        .isCloseTo(1, within(1e-9));
    assertThat(nanos(step.getNet().getP99()))
        .isBetween(nanos(step.getNet().getP50()), nanos(step.getNet().getMax()));
  }

  private static long nanos(Duration duration) {
    return TimeUnit.SECONDS.toNanos(duration.getSeconds()) + duration.getNanos();
  }

  @Test
  void timeOver_answersWithWhatThereWas() throws Exception {
    ProfileResponse profile =
        profile(
                ProfileRequest.newBuilder()
                    .setDuration(Duration.newBuilder().setNanos(100_000_000)))
            .get(20, TimeUnit.SECONDS);

    assertThat(profile.getRequests().getCount()).isZero();
    assertThat(profile.getStepsList()).isEmpty();
    assertThat(nanos(profile.getDuration())).isGreaterThanOrEqualTo(100_000_000);
  }

  @Test
  void tooManyAtOnce_areRefusedUntilACallerGivesUpAndAServerThatStopsAnswersTheRest()
      throws Exception {
    List<ListenableFuture<ProfileResponse>> all = new ArrayList<>();
    for (int i = 0; i < 17; i++) {
      all.add(profile(ProfileRequest.newBuilder().setDuration(LONG)));
    }
    ServingHarness.await(() -> all.stream().anyMatch(ListenableFuture::isDone));
    ListenableFuture<ProfileResponse> refused =
        all.stream().filter(ListenableFuture::isDone).findFirst().orElseThrow();
    assertThatThrownBy(refused::get)
        .hasMessageContaining("RESOURCE_EXHAUSTED")
        .hasMessageContaining("16 profiles");
    all.removeIf(ListenableFuture::isDone);

    all.remove(0).cancel(true);
    ServingHarness.await(
        () -> {
          ProfileRequest.Builder shortest =
              ProfileRequest.newBuilder().setDuration(Duration.newBuilder().setNanos(100_000_000));
          return harness.serving().profile(shortest.setModel("m").build()).hasDuration();
        });
    harness.stopServing();

    for (ListenableFuture<ProfileResponse> measuring : all) {
      assertThat(measuring.get(20, TimeUnit.SECONDS).getRequests().getCount()).isZero();
    }
  }

  @Test
  void badRequests_areRefusedWithEveryViolation() {
    assertThatThrownBy(
            () ->
                harness
                    .serving()
                    .profile(
                        ProfileRequest.newBuilder()
                            .setDuration(Duration.newBuilder().setSeconds(301))
                            .setMaxRequests(-1)
                            .build()))
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining("model")
        .hasMessageContaining("duration")
        .hasMessageContaining("max_requests");
    assertThatThrownBy(
            () ->
                harness
                    .serving()
                    .profile(
                        ProfileRequest.newBuilder()
                            .setModel("m")
                            .setSelector(VersionSelector.newBuilder().setVersion(2))
                            .build()))
        .hasMessageContaining("FAILED_PRECONDITION")
        .hasMessageContaining("is not loaded");
  }
}
