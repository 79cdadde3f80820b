"""What the office prints: values in, PDF bytes (or thermal text) out. Each paper is one page and tagged.

from curbstop.formats.paper.bill import BillPaper, bill_pdf
from curbstop.formats.paper.receipt import ReceiptPaper, receipt_pdf, receipt_text
"""
