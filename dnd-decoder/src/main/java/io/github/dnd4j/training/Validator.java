package io.github.dnd4j.training;

/** Measures a decoder on the same items every time. Owns what makes their batches. */
final class Validator implements AutoCloseable {

  private final BatchAssembler assembler;
  private final int items;
  private final int batchSize;

  Validator(BatchAssembler assembler, int items, int batchSize) {
    this.assembler = assembler;
    this.items = items;
    this.batchSize = batchSize;
  }

  /** The mean over all items; every item of a target has the same number of cells. */
  MaskedLoss.Result validate(DecoderOptimizer optimizer) {
    double loss = 0;
    double generated = 0;
    double real = 0;
    long cells = 0;
    for (int first = 0; first < items; first += batchSize) {
      int count = Math.min(batchSize, items - first);
      try (TrainingBatch batch = assembler.assemble(first, count)) {
        MaskedLoss.Result result = optimizer.evaluate(batch);
        double share = (double) count / items;
        loss += share * result.loss();
        generated += share * result.generatedL2();
        real += share * result.realL2();
        cells += result.cells();
      }
    }
    return new MaskedLoss.Result(loss, generated, real, cells);
  }

  @Override
  public void close() {
    assembler.close();
  }
}
