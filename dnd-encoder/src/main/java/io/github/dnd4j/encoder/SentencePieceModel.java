package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.CodedInputStream;

/**
 * A {@code spiece.model}, the file of a SentencePiece tokenizer (Kudo and Richardson, arXiv
 * 1808.06226), as a {@code tokenizer.json} of the same pieces, scores and rules for characters.
 * Field numbers are those of SentencePiece's {@code sentencepiece_model.proto}. Only unigram
 * models, which T5 has.
 */
final class SentencePieceModel {

  private static final String SPACE = "\u2581";

  /** What T5's training put in place of hidden spans; transformers adds them to the pieces. */
  private static final int EXTRA_IDS = 100;

  private static final int UNIGRAM = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  private final String where;
  private final List<Piece> pieces = new ArrayList<>();
  private byte[] characterRules = {};
  private int unknownId;
  private boolean byteFallback;
  private boolean spaceBefore = true;
  private boolean removeSpaces = true;

  /** The first of what the file asks for and tokenizer.json cannot say; or null. */
  private String unsupported;

  private record Piece(String text, float score, int type) {

    boolean isAdded() {
      return type == CONTROL || type == USER_DEFINED;
    }
  }

  private SentencePieceModel(byte[] model, String where) {
    this.where = where;
    try {
      readModel(CodedInputStream.newInstance(model));
    } catch (IOException e) {
      throw new FileFormatException(where + " is not a valid SentencePiece model: " + e, e);
    }
    check();
  }

  /**
   * Converts.
   *
   * @param model the file's content
   * @param where the file, for messages
   * @param vocabSize how many tokens the model knows; if there is room beyond the pieces, the 100
   *     extra ids follow them, the last one first, as in transformers
   */
  static byte[] toTokenizerJson(byte[] model, String where, int vocabSize) {
    try {
      return new ObjectMapper()
          .writeValueAsBytes(new SentencePieceModel(model, where).json(vocabSize));
    } catch (IOException e) {
      throw new FileFormatException(where + " cannot be written as JSON: " + e, e);
    }
  }

  /** Reads one message of a protocol buffer; fields are told by number and wire type together. */
  @FunctionalInterface
  private interface Field {

    /** Reads a field, or says that it is none to be read. */
    boolean read(int tag) throws IOException;
  }

  private static void readFields(CodedInputStream in, Field field) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (!field.read(tag) && !in.skipField(tag)) {
        return;
      }
    }
  }

  private static int bytesField(int number) {
    return number << 3 | 2;
  }

  private static int numberField(int number) {
    return number << 3;
  }

  private void readModel(CodedInputStream in) throws IOException {
    readFields(
        in,
        tag -> {
          if (tag == bytesField(1)) {
            pieces.add(readPiece(in.readBytes().newCodedInput()));
          } else if (tag == bytesField(2)) {
            readTrainer(in.readBytes().newCodedInput());
          } else if (tag == bytesField(3)) {
            readNormalizer(in.readBytes().newCodedInput());
          } else {
            return false;
          }
          return true;
        });
  }

  private static Piece readPiece(CodedInputStream in) throws IOException {
    ByteString text = ByteString.EMPTY;
    float score = 0;
    int type = 1;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == bytesField(1)) {
        text = in.readBytes();
      } else if (tag == (2 << 3 | 5)) {
        score = in.readFloat();
      } else if (tag == numberField(3)) {
        type = in.readEnum();
      } else if (!in.skipField(tag)) {
        break;
      }
    }
    return new Piece(text.toString(StandardCharsets.UTF_8), score, type);
  }

  private void readTrainer(CodedInputStream in) throws IOException {
    readFields(
        in,
        tag -> {
          if (tag == numberField(3)) {
            require(in.readEnum() == UNIGRAM, "it is no unigram model");
          } else if (tag == numberField(24)) {
            require(!in.readBool(), "it has spaces after words");
          } else if (tag == numberField(35)) {
            byteFallback = in.readBool();
          } else if (tag == numberField(40)) {
            unknownId = in.readInt32();
          } else {
            return false;
          }
          return true;
        });
  }

  private void readNormalizer(CodedInputStream in) throws IOException {
    readFields(
        in,
        tag -> {
          if (tag == bytesField(2)) {
            characterRules = in.readByteArray();
          } else if (tag == numberField(3)) {
            spaceBefore = in.readBool();
          } else if (tag == numberField(4)) {
            removeSpaces = in.readBool();
          } else if (tag == numberField(5)) {
            require(in.readBool(), "it leaves spaces as they are");
          } else {
            return false;
          }
          return true;
        });
  }

  private void require(boolean supported, String otherwise) {
    if (!supported && unsupported == null) {
      unsupported = otherwise;
    }
  }

  private void check() {
    require(pieces.size() > unknownId && unknownId >= 0, "it has no piece for what is unknown");
    require(idOf("<pad>") >= 0, "it has no piece <pad>");
    require(idOf("</s>") >= 0, "it has no piece </s>");
    require(
        pieces.stream().allMatch(piece -> Float.isFinite(piece.score)), "it has an infinite score");
    if (unsupported != null) {
      throw new FileFormatException(
          where
              + " cannot be used as T5's tokenizer, as "
              + unsupported
              + ". Save it as tokenizer.json, which transformers'"
              + " AutoTokenizer.from_pretrained(model).save_pretrained(directory) does");
    }
  }

  private int idOf(String text) {
    for (int id = 0; id < pieces.size(); id++) {
      if (pieces.get(id).text.equals(text)) {
        return id;
      }
    }
    return -1;
  }

  private ObjectNode json(int vocabSize) {
    ObjectNode root = object();
    root.put("version", "1.0");
    ArrayNode added = root.putArray("added_tokens");
    ObjectNode model = object();
    model.put("type", "Unigram").put("unk_id", unknownId).put("byte_fallback", byteFallback);
    ArrayNode vocabulary = model.putArray("vocab");
    for (int id = 0; id < pieces.size(); id++) {
      Piece piece = pieces.get(id);
      vocabulary.addArray().add(piece.text).add(piece.score);
      if (piece.isAdded()) {
        added.add(addedToken(id, piece.text, piece.type == CONTROL));
      }
    }
    if (pieces.size() + EXTRA_IDS <= vocabSize) {
      for (int i = EXTRA_IDS - 1; i >= 0; i--) {
        String token = "<extra_id_" + i + ">";
        added.add(addedToken(vocabulary.size(), token, true));
        vocabulary.addArray().add(token).add(0.0);
      }
    }
    root.set("normalizer", normalizer());
    root.set("pre_tokenizer", spaces());
    root.set("post_processor", postProcessor());
    root.set("decoder", spaces());
    root.set("model", model);
    return root;
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static ObjectNode addedToken(int id, String content, boolean special) {
    return object()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }

  /** Spaces at both ends go, and of several in a row one stays. */
  private ObjectNode normalizer() {
    ObjectNode sequence = object().put("type", "Sequence");
    ArrayNode steps = sequence.putArray("normalizers");
    if (characterRules.length > 0) {
      steps.add(
          object()
              .put("type", "Precompiled")
              .put("precompiled_charsmap", Base64.getEncoder().encodeToString(characterRules)));
    }
    if (removeSpaces) {
      steps.add(replace("\\A +| +\\z", ""));
      steps.add(replace(" {2,}", " "));
    }
    return sequence;
  }

  private static ObjectNode replace(String regex, String content) {
    ObjectNode replace = object().put("type", "Replace");
    replace.putObject("pattern").put("Regex", regex);
    return replace.put("content", content);
  }

  private ObjectNode spaces() {
    return object()
        .put("type", "Metaspace")
        .put("replacement", SPACE)
        .put("prepend_scheme", spaceBefore ? "always" : "never")
        .put("split", true);
  }

  /** The end of the text after each text. */
  private ObjectNode postProcessor() {
    String end = "</s>";
    ObjectNode processor = object().put("type", "TemplateProcessing");
    for (List<String> template : List.of(List.of("single", "A"), List.of("pair", "A", "B"))) {
      ArrayNode parts = processor.putArray(template.get(0));
      for (String sequence : template.subList(1, template.size())) {
        parts.addObject().putObject("Sequence").put("id", sequence).put("type_id", 0);
        parts.addObject().putObject("SpecialToken").put("id", end).put("type_id", 0);
      }
    }
    ObjectNode token = processor.putObject("special_tokens").putObject(end).put("id", end);
    token.putArray("ids").add(idOf(end));
    token.putArray("tokens").add(end);
    return processor;
  }
}
