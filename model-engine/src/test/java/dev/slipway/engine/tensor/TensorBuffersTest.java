package dev.slipway.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class TensorBuffersTest {

  @Test
  void acquire_lendsADirectLittleEndianBufferOfExactlyThatSize() {
    TensorBuffers buffers = new TensorBuffers(1 << 20);
    for (int size : new int[] {0, 1, 256, 257, 1000, 1 << 20, (64 << 20) + 1}) {
      try (TensorBuffers.Lease lease = buffers.acquire(size)) {
        assertThat(lease.buffer().isDirect()).isTrue();
        assertThat(lease.buffer().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
        assertThat(lease.buffer().remaining()).isEqualTo(size);
        assertThat(buffers.leasedBytes()).isBetween((long) size, Math.max(256, size * 5L / 4));
      }
    }
    assertThat(buffers.leasedBytes()).isZero();
  }

  @Test
  void close_keepsTheBufferForTheNextOfItsClass() {
    TensorBuffers buffers = new TensorBuffers(1 << 20);
    TensorBuffers.Lease first = buffers.acquire(1000);
    first.buffer().put(0, (byte) 42);
    first.close();
    first.close();
    assertThat(buffers.idleBytes()).isEqualTo(1024);

    try (TensorBuffers.Lease second = buffers.acquire(900)) {
      assertThat(second.buffer().get(0)).isEqualTo((byte) 42);
      assertThat(buffers.idleBytes()).isZero();
    }
    assertThatThrownBy(first::buffer).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void idleBytes_neverExceedTheBound() {
    TensorBuffers buffers = new TensorBuffers(4096);
    List<TensorBuffers.Lease> leases = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      leases.add(buffers.acquire(1024));
    }
    leases.forEach(TensorBuffers.Lease::close);
    assertThat(buffers.idleBytes()).isEqualTo(4096);
    assertThatThrownBy(() -> new TensorBuffers(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void parallelUsers_neverShareABuffer() throws Exception {
    TensorBuffers buffers = new TensorBuffers(1 << 16);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<Boolean>> results = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        byte mark = (byte) t;
        results.add(
            threads.submit(
                () -> {
                  boolean mine = true;
                  for (int i = 0; i < 5_000; i++) {
                    try (TensorBuffers.Lease lease = buffers.acquire(64 + i % 2000)) {
                      lease.buffer().put(0, mark).put(63, mark);
                      Thread.onSpinWait();
                      mine &= lease.buffer().get(0) == mark && lease.buffer().get(63) == mark;
                    }
                  }
                  return mine;
                }));
      }
      for (Future<Boolean> result : results) {
        assertThat(result.get()).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(buffers.leasedBytes()).isZero();
    assertThat(buffers.idleBytes()).isLessThanOrEqualTo(1 << 16);
  }
}
