package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Workers;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Texts cut into windows, each distinct one kept once with all the places where it stands. Prompts
 * that are repeated to fill up a condition, and windows of nothing but padding, thus cost nothing.
 */
final class Windows {

  private final int length;
  private final Map<Window, Integer> indices = new HashMap<>();
  private final List<Window> distinct = new ArrayList<>();

  /** For each distinct window the places where it stands, counted in windows of the result. */
  private final List<List<Integer>> places = new ArrayList<>();

  /** For each text how many of the distinct windows must be done until it is. */
  private final List<Integer> needed = new ArrayList<>();

  private int placeCount;

  /**
   * Makes an empty collection.
   *
   * @param length tokens per window
   */
  Windows(int length) {
    this.length = length;
  }

  int length() {
    return length;
  }

  /** The windows to encode, in the order in which they first appeared. */
  List<Window> distinct() {
    return distinct;
  }

  /**
   * Cuts the next text.
   *
   * @param text its ids, a multiple of the window's length
   */
  void add(TextTokenizer.PaddedIds text) {
    int last = 0;
    for (int from = 0; from < text.ids().capacity(); from += length) {
      IntBuffer ids = text.ids().slice(from, length);
      int valid = Math.max(0, Math.min(length, text.valid() - from));
      int index = indexOf(new Window(ids, valid));
      places.get(index).add(placeCount++);
      last = Math.max(last, index);
    }
    needed.add(last + 1);
  }

  private int indexOf(Window window) {
    Integer known = indices.putIfAbsent(window, distinct.size());
    if (known != null) {
      return known;
    }
    distinct.add(window);
    places.add(new ArrayList<>());
    return distinct.size() - 1;
  }

  /**
   * Copies the states of some windows to where they belong.
   *
   * @param states {@code [(end - first) * length, C]}
   * @param first the first distinct window of them
   * @param end one after the last
   * @param result {@code [texts, text length, C]}
   */
  void place(INDArray states, int first, int end, INDArray result) {
    Workers workers = new Workers(Workers.preferredThreads());
    int numbers = Math.toIntExact(length * states.size(1));
    float[][] buffers = new float[Math.min(workers.threads(), end - first)][numbers];
    workers.run(
        end - first,
        (index, worker) -> {
          float[] window = buffers[worker];
          HostFloats.of(states).read((long) index * numbers, window, 0, numbers);
          HostFloats to = HostFloats.of(result);
          for (int place : places.get(first + index)) {
            to.write((long) place * numbers, window, 0, numbers);
          }
        });
  }

  /**
   * Texts that are complete.
   *
   * @param done how many of the distinct windows are done, from the first
   */
  long textsWithin(int done) {
    return needed.stream().filter(count -> count <= done).count();
  }
}
