package dev.slipway.engine.predictor.pmml;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import java.io.StringReader;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.pmml4s.model.Model;

/** Reads a document in PMML. */
final class PmmlFile {

  private static final String ROOT = "PMML";

  private PmmlFile() {}

  /**
   * Reads a model.
   *
   * @param name the file's, for messages
   * @throws ModelPackageException if the text is something else, not well-formed or contradicts
   *     itself
   * @throws UnsupportedModelException if PMML4S has no such model
   */
  static Model parse(String text, String name) {
    check(text, name);
    Model model;
    try {
      model = Model.fromString(text);
    } catch (StackOverflowError e) {
      throw tooDeep(name, e);
    } catch (Exception e) {
      // Scala declares no exceptions: checked ones come as well.
      throw new ModelPackageException("PMML4S cannot load " + name + ": " + e, e);
    }
    if (!model.isScorable()) {
      throw new UnsupportedModelException(name + " holds a model that is marked as not scorable");
    }
    return model;
  }

  static UnsupportedModelException tooDeep(String name, StackOverflowError cause) {
    return new UnsupportedModelException(name + " nests too deeply", cause);
  }

  /**
   * Refuses a document type: PMML4S would follow its entities to files and hosts, and a package is
   * input from outside.
   */
  private static void check(String text, String name) {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    try {
      XMLStreamReader reader = factory.createXMLStreamReader(new StringReader(text));
      boolean root = false;
      while (reader.hasNext()) {
        int event = reader.next();
        if (event == XMLStreamConstants.DTD || event == XMLStreamConstants.ENTITY_REFERENCE) {
          throw new ModelPackageException(
              name + " has a document type or an entity of its own, which is not read");
        }
        if (event == XMLStreamConstants.START_ELEMENT && !root) {
          root = true;
          if (!reader.getLocalName().equals(ROOT)) {
            throw new ModelPackageException(
                name + " is not PMML: its root is " + reader.getLocalName());
          }
        }
      }
    } catch (XMLStreamException e) {
      throw new ModelPackageException(
          name + " is not well-formed XML: " + e.getMessage().lines().findFirst().orElse(""), e);
    }
  }
}
