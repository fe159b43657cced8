package dev.slipway.serving.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.engine.tensor.Tensor;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * Answers of all models, bounded by bytes together and, where a model says so, by its share. What
 * is used least goes first; within a model's share, what came first. Thread-safe; nothing blocks.
 */
public final class PredictionCache {
  /** What an answer takes beside its bytes: its key, the objects around it, its places in maps. */
  private static final int OVERHEAD_BYTES = 400;

  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private final Cache<CacheKey, Entry> entries;
  private final long maxBytes;
  private final Ticker ticker;
  private final Map<String, CacheFigures> figures = new ConcurrentHashMap<>();
  private final Map<String, Share> shares = new ConcurrentHashMap<>();

  /**
   * Creates an empty cache.
   *
   * @param maxBytes most bytes that it holds, from 0, which keeps nothing
   */
  public PredictionCache(long maxBytes) {
    this(maxBytes, Ticker.systemTicker());
  }

  PredictionCache(long maxBytes, Ticker ticker) {
    this.maxBytes = maxBytes;
    this.ticker = ticker;
    this.entries =
        Caffeine.newBuilder()
            .maximumWeight(maxBytes)
            .<CacheKey, Entry>weigher((key, entry) -> entry.bytes)
            .expireAfter(Expiry.<CacheKey, Entry>writing((key, entry) -> entry.timeToLive))
            .removalListener(this::removed)
            .executor(Runnable::run)
            .ticker(ticker)
            .build();
  }

  /** One answer. Its identity tells it from another one for the same key. */
  private static final class Entry {
    private final List<Tensor> outputs;
    private final int bytes;
    private final long keptNanos;
    private final Duration timeToLive;
    private final Share share;
    private final CacheFigures figures;

    Entry(
        List<Tensor> outputs,
        int bytes,
        long keptNanos,
        Duration timeToLive,
        Share share,
        CacheFigures figures) {
      this.outputs = outputs;
      this.bytes = bytes;
      this.keptNanos = keptNanos;
      this.timeToLive = timeToLive;
      this.share = share;
      this.figures = figures;
    }

    boolean isOlderThan(Duration age, long nowNanos) {
      return Duration.ofNanos(nowNanos - keptNanos).compareTo(age) >= 0;
    }
  }

  /** The answers of one model, first come first. */
  private static final class Share {
    @GuardedBy("this")
    private final Map<CacheKey, Entry> inOrder = new LinkedHashMap<>();

    @GuardedBy("this")
    private long bytes;

    /** Adds an answer and takes out those that must make room for it. */
    synchronized Map<CacheKey, Entry> add(CacheKey key, Entry entry, long most) {
      Entry before = inOrder.remove(key);
      bytes += entry.bytes - (before == null ? 0 : before.bytes);
      inOrder.put(key, entry);
      return shrink(most);
    }

    /** Takes out what must go for the rest to fit. */
    synchronized Map<CacheKey, Entry> shrink(long most) {
      if (bytes <= most) {
        return Map.of();
      }
      Map<CacheKey, Entry> out = new LinkedHashMap<>();
      Iterator<Map.Entry<CacheKey, Entry>> eldest = inOrder.entrySet().iterator();
      while (bytes > most && eldest.hasNext()) {
        Map.Entry<CacheKey, Entry> gone = eldest.next();
        bytes -= gone.getValue().bytes;
        out.put(gone.getKey(), gone.getValue());
        eldest.remove();
      }
      return out;
    }

    synchronized boolean isEmpty() {
      return inOrder.isEmpty();
    }

    synchronized void remove(CacheKey key, Entry entry) {
      if (inOrder.remove(key, entry)) {
        bytes -= entry.bytes;
      }
    }
  }

  /** Returns whether anything is ever kept. */
  public boolean keepsAny() {
    return maxBytes > 0;
  }

  /**
   * Finds an answer; its tensors' bytes never change.
   *
   * @param policy the one in force, which may be stricter than the one that the answer came under
   */
  public Optional<List<Tensor>> find(CacheKey key, CachePolicy policy) {
    Entry entry = entries.getIfPresent(key);
    if (entry == null) {
      return Optional.empty();
    }
    if (policy.timeToLive().isPresent()
        && entry.isOlderThan(policy.timeToLive().get(), ticker.read())) {
      entries.asMap().remove(key, entry);
      return Optional.empty();
    }
    return Optional.of(entry.outputs);
  }

  /** Lets a model fill no more than its share, should that have been lowered. */
  public void bound(String model, CachePolicy policy) {
    Share share = shares.get(model);
    if (share != null) {
      evict(share.shrink(most(policy)));
    }
  }

  private long most(CachePolicy policy) {
    return Math.min(policy.maxBytes().orElse(maxBytes), maxBytes);
  }

  /**
   * Keeps an answer, in place of one that is there.
   *
   * @param model whose share it counts to
   * @param packageDigest whose figures it counts to
   * @param outputs the answer; views of larger buffers should be copied first
   */
  public void put(
      CacheKey key, String model, String packageDigest, CachePolicy policy, List<Tensor> outputs) {
    put(key, model, packageDigest, policy, outputs, Duration.ZERO);
  }

  /**
   * Keeps an answer that was computed a while ago. See {@link #put(CacheKey, String, String,
   * CachePolicy, List)}.
   *
   * @param age how long ago; less than the policy's time to live
   */
  public void put(
      CacheKey key,
      String model,
      String packageDigest,
      CachePolicy policy,
      List<Tensor> outputs,
      Duration age) {
    long bytes = OVERHEAD_BYTES + outputs.stream().mapToLong(Tensor::sizeBytes).sum();
    long most = most(policy);
    if (bytes > Math.min(most, Integer.MAX_VALUE)) {
      entries.invalidate(key);
      return;
    }
    Share share = shares.computeIfAbsent(model, name -> new Share());
    Entry entry =
        new Entry(
            List.copyOf(outputs),
            (int) bytes,
            ticker.read() - age.toNanos(),
            policy.timeToLive().map(time -> time.minus(age)).orElse(FOR_EVER),
            share,
            figures(packageDigest));
    Map<CacheKey, Entry> out = new LinkedHashMap<>();
    entry.figures.added(bytes);
    entries
        .asMap()
        .compute(
            key,
            (same, before) -> {
              // Under the key's own lock: whoever takes it out of the share finds it here.
              out.putAll(share.add(key, entry, most));
              return entry;
            });
    evict(out);
  }

  private void evict(Map<CacheKey, Entry> out) {
    out.forEach(
        (gone, old) -> {
          if (entries.asMap().remove(gone, old)) {
            old.figures.evicted();
          }
        });
  }

  private void removed(CacheKey key, Entry entry, RemovalCause cause) {
    entry.figures.removed(entry.bytes);
    entry.share.remove(key, entry);
    if (cause == RemovalCause.SIZE) {
      entry.figures.evicted();
    }
  }

  /** Returns the figures of a package's answers. */
  public CacheFigures figures(String packageDigest) {
    return figures.computeIfAbsent(packageDigest, digest -> new CacheFigures());
  }

  /**
   * Forgets figures and shares that hold no answers, but for those that may be wanted again.
   *
   * @param models tells of which models, by name
   * @param packages tells of which packages, by digest
   */
  public void retain(Predicate<String> models, Predicate<String> packages) {
    shares.entrySet().removeIf(share -> !models.test(share.getKey()) && share.getValue().isEmpty());
    figures
        .entrySet()
        .removeIf(known -> !packages.test(known.getKey()) && known.getValue().entries() == 0);
  }

  /** Returns the bytes held at present. */
  public long bytes() {
    return figures.values().stream().mapToLong(CacheFigures::bytes).sum();
  }
}
